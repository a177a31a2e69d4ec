import type { Problem } from "../gateway/problem.ts";
import type { Finding } from "../resources/finding.ts";

/** @example codeOf("InvalidCACertificateRef")  // "invalid-ca-certificate-ref" */
export function codeOf(reason: string): string {
  return reason.replace(/[a-z](?=[A-Z])|[A-Z](?=[A-Z][a-z])/g, "$&-").toLowerCase();
}

/** A problem with a reference: a warning if a further document could mend it. */
export function findingOf({ reason, message, origin, missing }: Problem): Finding {
  return { severity: missing === undefined ? "error" : "warning", code: codeOf(reason), message, origin };
}
