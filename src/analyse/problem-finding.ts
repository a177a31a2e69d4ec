import type { Problem } from "../gateway/problem.ts";
import type { Finding } from "../resources/finding.ts";
import { codeOf } from "../resources/finding-codes.ts";

/** A problem with a reference: a warning if a further document could mend it. */
export function findingOf({ reason, code = codeOf(reason), message, origin, missing }: Problem): Finding {
  return { severity: missing === undefined ? "error" : "warning", code, message, origin };
}
