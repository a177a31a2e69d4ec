import { describeField, type UnenforcedField } from "../gateway/not-enforced.ts";
import type { Problem } from "../gateway/problem.ts";
import type { Finding } from "../resources/finding.ts";
import { codeOf } from "../resources/finding-codes.ts";
import type { ResourceReference } from "../resources/origin.ts";

/** A field that is set in vain. */
export function unenforcedFinding(field: UnenforcedField, resource: ResourceReference): Finding {
  const message = `${describeField(field)} is set, and has no effect. ${field.because}`;
  return { severity: "warning", code: "not-enforced", message, origin: { resource, path: field.path } };
}

/** A problem with a reference: a warning if a further document could mend it. */
export function findingOf({ reason, code = codeOf(reason), message, origin, missing }: Problem): Finding {
  return { severity: missing === undefined ? "error" : "warning", code, message, origin };
}
