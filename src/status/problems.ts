import type { Condition } from "../gateway/condition.ts";
import type { ObjectStatus } from "./object-status.ts";

/** A condition that says that something is wrong, and which part of the object it is about ("" for the whole). */
export interface StatusProblem {
  readonly part: string;
  readonly condition: Condition;
}

/** Conditions for which True is the bad news. */
export const negativeConditions: ReadonlySet<string> = new Set([
  "Conflicted",
  "PartiallyInvalid",
  "OverlappingTLSConfig",
  "InsecureFrontendValidationMode",
]);

/**
 * What a status complains about, in its own order. `Unknown` is no complaint: it is about what has not happened yet.
 *
 * @example problemsOf(status)[0]?.part  // 'listener "https"'
 */
export function problemsOf({ status }: ObjectStatus): readonly StatusProblem[] {
  const own = "conditions" in status ? inPart("", status.conditions) : [];
  const listeners =
    "listeners" in status
      ? status.listeners.flatMap(({ name, conditions }) => inPart(`listener "${name}"`, conditions))
      : [];
  const parents =
    "parents" in status
      ? status.parents.flatMap(({ parentRef, conditions }) => {
          const section = parentRef.sectionName === undefined ? "" : `, listener "${parentRef.sectionName}"`;
          return inPart(`on ${parentRef.kind} ${parentRef.name}${section}`, conditions);
        })
      : [];
  const ancestors =
    "ancestors" in status
      ? status.ancestors.flatMap(({ ancestorRef: { kind, name }, conditions }) =>
          inPart(`on ${kind} ${name}`, conditions),
        )
      : [];
  return [...own, ...listeners, ...parents, ...ancestors];
}

function inPart(part: string, conditions: readonly Condition[]): readonly StatusProblem[] {
  return conditions
    .filter(({ type, status }) => status === (negativeConditions.has(type) ? "True" : "False"))
    .map((condition) => ({ part, condition }));
}
