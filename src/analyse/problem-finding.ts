import type { Problem } from "../gateway/problem.ts";
import type { Finding } from "../resources/finding.ts";

/** @example codeOf("BackendNotFound")  // "backend-not-found" */
export function codeOf(reason: string): string {
  return reason.replace(/([a-z])(?=[A-Z])/g, "$1-").toLowerCase();
}

/** A problem with a reference: a warning if a further document could mend it. */
export function findingOf({ reason, message, origin, missing }: Problem): Finding {
  return { severity: missing === undefined ? "error" : "warning", code: codeOf(reason), message, origin };
}
