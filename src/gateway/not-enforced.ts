import { type FieldPath, formatPath } from "../resources/origin.ts";
import { type Condition, isTrue } from "./condition.ts";

/** A field that is set and has no effect where it stands, with all that is in it. */
export interface UnenforcedField {
  /** From the object on. */
  readonly path: FieldPath;
  /** In which part of its meaning, in words; absent for all of it. */
  readonly part?: string;
  /** A sentence that says why. */
  readonly because: string;
}

/** Condition of ours that lists such fields. */
const notEnforcedCondition = "gatewright.dev/NotEnforced";

/** The condition for such fields, if there are any. */
export function notEnforced(fields: readonly UnenforcedField[]): readonly Condition[] {
  if (fields.length === 0) return [];
  const list = fields.map((field) => `${describeField(field)}: ${field.because}`).join(" ");
  return [isTrue(notEnforcedCondition, "NotSupported", `Set, and without effect: ${list}`)];
}

/** @example describeField({ path: ["spec", "options", "a"], because: "" })  // "spec.options.a" */
export function describeField({ path, part }: UnenforcedField): string {
  return `${formatPath(path)}${part === undefined ? "" : ` (${part})`}`;
}

/** Those of fields that are really there. */
export function ifSet(value: unknown, path: FieldPath, because: string): readonly UnenforcedField[] {
  const isEmpty = value === undefined || (Array.isArray(value) && value.length === 0);
  return isEmpty ? [] : [{ path, because }];
}
