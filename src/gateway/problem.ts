import type { FindingCode } from "../resources/finding-codes.ts";
import type { Origin, ResourceReference } from "../resources/origin.ts";
import { type Condition, isFalse, isTrue } from "./condition.ts";

/** A reference that can't be used: why, in the API's reasons, and where it stands. */
export interface Problem {
  readonly reason: string;
  /** What findings call it, where several mistakes share the API's reason. */
  readonly code?: FindingCode;
  readonly message: string;
  readonly origin: Origin;
  /** What would have to be there; whoever looks at a part of the documents only can't call that an error. */
  readonly missing?: ResourceReference;
}

export const allResolved: Condition = isTrue("ResolvedRefs", "ResolvedRefs", "Every reference was found.");

/** ResolvedRefs for all references of an object: the first problem's reason, everybody's message once. */
export function resolvedRefs(problems: readonly Problem[]): Condition {
  const [first] = problems;
  if (first === undefined) return allResolved;
  return isFalse("ResolvedRefs", first.reason, [...new Set(problems.map((problem) => problem.message))].join(" "));
}

/** What would have to be there to mend them; none where a document that is missing is not all that is wrong. */
export function commonMissing(problems: readonly Problem[]): { readonly missing?: ResourceReference } {
  const missing = problems.map((problem) => problem.missing);
  const [first] = missing;
  return first === undefined || missing.includes(undefined) ? {} : { missing: first };
}
