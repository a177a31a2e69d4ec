import type { FieldPath } from "./origin.ts";
import { isJsonObject, type Json, type ValidationRule } from "./schema.ts";

/**
 * Which part of a value a broken rule is about, as a path from the value; rules only speak of the whole.
 *
 * In a list it is the entry with which the rule breaks: the last of the shortest beginning of the list that breaks it.
 * In an object it is the one field that the rule reads beside `type`, if just one of them is there. A rule that names
 * its `fieldPath` is believed.
 *
 * @example culprit({ rule: "self.all(l1, self.exists_one(l2, l1.name == l2.name))" }, listeners, holds)  // [3]
 */
export function culprit(rule: ValidationRule, value: Json, holds: (part: Json) => boolean): FieldPath {
  if (rule.fieldPath !== undefined) return rule.fieldPath.split(".").filter((step) => step !== "");
  if (Array.isArray(value)) {
    if (value.length < 2 || !holds([])) return value.length === 1 ? [0] : [];
    const index = value.findIndex((_, last) => !holds(value.slice(0, last + 1)));
    return index === -1 ? [] : [index];
  }
  if (!isJsonObject(value)) return [];
  const read = new Set([...rule.rule.matchAll(/\bself\.([A-Za-z]\w*)\b(?!\()/g)].map(([, field]) => field ?? ""));
  read.delete("type");
  const present = [...read].filter((field) => Object.hasOwn(value, field));
  const [field] = present;
  return field !== undefined && present.length === 1 ? [field] : [];
}
