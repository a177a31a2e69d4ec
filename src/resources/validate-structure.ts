import { shared } from "../strings/shared.ts";
import type { FindingCode } from "./finding-codes.ts";
import type { Change } from "./fix.ts";
import { formMistakes } from "./forms.ts";
import { type Mistake, mistake } from "./mistake.ts";
import { isTooDeep, tooDeep } from "./nesting.ts";
import { type FieldPath, formatPath } from "./origin.ts";
import { isSameName, matchesPattern, meaningOf, mended } from "./patterns.ts";
import { fieldsOf, isJsonObject, type Json, type JsonList, type JsonObject, jsonCopy, type Schema } from "./schema.ts";
import { didYouMean, nearest } from "./suggest.ts";
import { unknownField } from "./unknown-field.ts";
import { expected, wrongType } from "./wrong-type.ts";

/** A value as its schema has it: defaults filled in, unknown fields and nulls gone, frozen; and what was wrong with it. */
export interface Structured {
  readonly value: Json;
  readonly mistakes: readonly Mistake[];
}

/**
 * Checks a value against everything in a structural schema but its CEL rules, and applies the defaults.
 *
 * As the API server does it (strict field validation): null counts as absent where a field isn't nullable, defaults come
 * before validation, a field that the schema doesn't list is unknown. One mistake gives one finding: a field that is
 * missing because its name was mistyped is reported as mistyped.
 */
export function validateStructure(value: Json, schema: Schema, kind: string): Structured {
  const walk: Walk = { kind, path: [], schemas: [], mistakes: [] };
  return { value: check(value, schema, walk), mistakes: walk.mistakes };
}

interface Walk {
  readonly kind: string;
  /** Where the walk is; copied when a mistake is found. */
  readonly path: (string | number)[];
  /** Schemas of all that contains the value, from the root. */
  readonly schemas: Schema[];
  readonly mistakes: Mistake[];
}

function check(value: Json, schema: Schema, walk: Walk): Json {
  if (schema["x-kubernetes-int-or-string"]) {
    if (typeof value === "string") return checkString(value, schema, walk);
    return typeof value === "number" && Number.isInteger(value) ? value : refuse(value, schema, walk);
  }
  switch (schema.type) {
    case "object":
      return isJsonObject(value) ? checkObject(value, schema, walk) : refuse(value, schema, walk);
    case "array":
      return Array.isArray(value) ? checkList(value, schema, walk) : refuse(value, schema, walk);
    case "string":
      return typeof value === "string" ? checkString(value, schema, walk) : refuse(value, schema, walk);
    case "integer":
      return typeof value === "number" && Number.isInteger(value)
        ? checkNumber(value, schema, walk)
        : refuse(value, schema, walk);
    case "number":
      return typeof value === "number" ? checkNumber(value, schema, walk) : refuse(value, schema, walk);
    case "boolean":
      return typeof value === "boolean" ? value : refuse(value, schema, walk);
    default:
      return schema.properties === undefined || !isJsonObject(value)
        ? anything(value, walk)
        : checkObject(value, schema, walk);
  }
}

function refuse(value: Json, schema: Schema, walk: Walk): Json {
  walk.mistakes.push(wrongType(value, schema, [...walk.path]));
  return value;
}

function report(walk: Walk, code: FindingCode, message: string, remedy?: string, path: FieldPath = walk.path): void {
  walk.mistakes.push(mistake(code, [...path], message, remedy));
}

function setHere(walk: Walk, value: Json): readonly Change[] {
  return [{ kind: "set", path: [...walk.path], value }];
}

function checkObject(value: JsonObject, schema: Schema, walk: Walk): Json {
  const { properties, additionalProperties } = schema;
  if (schema["x-kubernetes-preserve-unknown-fields"] && properties === undefined) return anything(value, walk);
  const result: Record<string, Json> = {};
  const before = walk.mistakes.length;
  const unknown: string[] = [];
  let size = 0;
  walk.schemas.push(schema);
  for (const field of Object.keys(value)) {
    const given = value[field] ?? null;
    const own = properties !== undefined && Object.hasOwn(properties, field) ? properties[field] : undefined;
    const fieldSchema = own ?? (typeof additionalProperties === "object" ? additionalProperties : undefined);
    if (field === "__proto__" || (fieldSchema === undefined && !takesAnything(schema))) unknown.push(field);
    else if (fieldSchema === undefined) result[field] = anything(given, walk);
    else if (given !== null || fieldSchema.nullable || own === undefined) {
      walk.path.push(field);
      result[field] = given === null && fieldSchema.nullable ? null : check(given, fieldSchema, walk);
      walk.path.pop();
    }
    if (given !== null) size++;
  }
  for (const field of unknown) walk.mistakes.push(unknownField(field, value, schema, walk));
  applyDefaults(result, schema, walk);
  for (const field of schema.required ?? []) {
    if (!Object.hasOwn(result, field)) reportMissing(field, value, unknown, schema, walk);
  }
  walk.schemas.pop();
  const { minProperties, maxProperties } = schema;
  if (minProperties !== undefined && size < minProperties) {
    report(walk, "wrong-count", `${at(walk)} needs at least ${entries(minProperties)}.`);
  }
  if (maxProperties !== undefined && size > maxProperties) {
    report(walk, "wrong-count", `${at(walk)} has ${size} entries; at most ${maxProperties} are allowed.`);
  }
  if (schema.oneOf !== undefined && walk.mistakes.length === before) {
    walk.mistakes.push(...formMistakes(result, schema.oneOf, [...walk.path]));
  }
  return Object.freeze(result);
}

function takesAnything(schema: Schema): boolean {
  return (
    schema.additionalProperties === true ||
    schema["x-kubernetes-preserve-unknown-fields"] === true ||
    (schema.properties === undefined && schema.additionalProperties === undefined)
  );
}

const defaults = new WeakMap<Schema, Json>();

function applyDefaults(result: Record<string, Json>, schema: Schema, walk: Walk): void {
  for (const [field, fieldSchema] of defaultedFields(schema)) {
    if (Object.hasOwn(result, field)) continue;
    let value = defaults.get(fieldSchema);
    if (value === undefined) {
      value = check(jsonCopy(fieldSchema.default), fieldSchema, walk);
      defaults.set(fieldSchema, value);
    }
    result[field] = value;
  }
}

const fieldsWithDefaults = new WeakMap<Schema, readonly (readonly [string, Schema])[]>();

function defaultedFields(schema: Schema): readonly (readonly [string, Schema])[] {
  let fields = fieldsWithDefaults.get(schema);
  if (fields === undefined) {
    fields = Object.entries(schema.properties ?? {}).filter(([, field]) => field.default !== undefined);
    fieldsWithDefaults.set(schema, fields);
  }
  return fields;
}

function reportMissing(field: string, value: JsonObject, unknown: readonly string[], schema: Schema, walk: Walk): void {
  if (unknown.some((word) => nearest(word, fieldsOf(schema)) === field)) return;
  const path = formatPath([...walk.path, field]);
  const isEmpty = Object.hasOwn(value, field);
  report(
    walk,
    "missing-field",
    isEmpty ? `${path} is empty.` : `${path} is missing.`,
    `Add ${field}: ${expected(schema.properties?.[field] ?? {})}.`,
    isEmpty ? [...walk.path, field] : walk.path,
  );
}

function checkList(value: JsonList, schema: Schema, walk: Walk): Json {
  const { items = {}, minItems, maxItems } = schema;
  if (minItems !== undefined && value.length < minItems) {
    report(
      walk,
      "wrong-count",
      `${at(walk)} needs at least ${entries(minItems)}${value.length === 0 ? "; it is empty" : ""}.`,
    );
  }
  if (maxItems !== undefined && value.length > maxItems) {
    report(walk, "wrong-count", `${at(walk)} has ${value.length} entries; at most ${maxItems} are allowed.`);
  }
  walk.schemas.push(schema);
  const result = value.map((item, index) => {
    walk.path.push(index);
    const checked = check(item, items, walk);
    walk.path.pop();
    return checked;
  });
  walk.schemas.pop();
  checkUnique(result, schema, walk);
  return Object.freeze(result);
}

/** `x-kubernetes-list-type`: no value twice in a set, no two entries with the same keys in a map. */
function checkUnique(list: JsonList, schema: Schema, walk: Walk): void {
  const type = schema["x-kubernetes-list-type"];
  if ((type !== "map" && type !== "set") || list.length < 2) return;
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  const seen = new Map<string, number>();
  for (const [index, item] of list.entries()) {
    const values = type === "set" ? [item] : keys.map((key) => (isJsonObject(item) ? item[key] : undefined));
    if (values.includes(undefined)) continue;
    const identity = JSON.stringify(values);
    const first = seen.get(identity);
    if (first === undefined) seen.set(identity, index);
    else {
      const what =
        type === "set" ? "is" : `has ${keys.map((key, i) => `${key} ${JSON.stringify(values[i])}`).join(", ")},`;
      const path = [...walk.path, index];
      const words = type === "set" ? `${what} ${identity.slice(1, -1)},` : what;
      report(
        walk,
        "duplicate-entry",
        `${formatPath(path)} ${words} as ${formatPath([...walk.path, first])} ${type === "set" ? "is" : "does"}.`,
        "Each may be there once.",
        path,
      );
    }
  }
}

function checkString(value: string, schema: Schema, walk: Walk): Json {
  const { minLength, maxLength, pattern } = schema;
  if (schema.enum !== undefined && !schema.enum.includes(value)) {
    reportEnum(value, schema.enum, walk);
  } else if (minLength !== undefined && value.length < minLength) {
    report(
      walk,
      "wrong-length",
      value === "" ? `${at(walk)} is empty.` : `${at(walk)} is shorter than ${minLength} characters.`,
    );
  } else if (maxLength !== undefined && value.length > maxLength && characters(value) > maxLength) {
    report(walk, "wrong-length", `${at(walk)} has ${characters(value)} characters; at most ${maxLength} are allowed.`);
  } else if (pattern !== undefined && !matchesPattern(value, pattern)) {
    const better = mended(value, pattern);
    const remedy = better === undefined ? undefined : `Write ${better}.`;
    const fix = better !== undefined && isSameName(value, better) ? setHere(walk, better) : [];
    const message = `${at(walk)}: ${JSON.stringify(value)} ${meaningOf(pattern)}.`;
    walk.mistakes.push(mistake("wrong-format", [...walk.path], message, remedy, fix));
  }
  return shared(value);
}

function reportEnum(value: string | number, choices: readonly unknown[], walk: Walk): void {
  const words = choices.map(String);
  const meant = typeof value === "string" ? nearest(value, words) : undefined;
  const message = `${at(walk)}: ${JSON.stringify(value)} is not one of ${words.map((word) => word || '""').join(", ")}.`;
  const remedy = typeof value === "string" ? didYouMean(value, words) : undefined;
  const fix = meant === undefined ? [] : setHere(walk, meant);
  walk.mistakes.push(mistake("unknown-value", [...walk.path], message, remedy, fix));
}

function checkNumber(value: number, schema: Schema, walk: Walk): Json {
  const limit = schema.format === "int32" ? 2 ** 31 : Number.POSITIVE_INFINITY;
  const minimum = schema.minimum ?? -limit;
  const maximum = schema.maximum ?? limit - 1;
  if (schema.enum !== undefined && !schema.enum.includes(value)) reportEnum(value, schema.enum, walk);
  else if (value < minimum || value > maximum) {
    const range =
      schema.maximum === undefined && maximum > 65_535
        ? `at least ${minimum}`
        : minimum === Number.NEGATIVE_INFINITY
          ? `at most ${maximum}`
          : `from ${minimum} to ${maximum}`;
    report(walk, "out-of-range", `${at(walk)} is ${value}; it must be ${range}.`);
  }
  return value;
}

/** What no schema describes, unless it is nested so deep that nobody could walk it. */
function anything(value: Json, walk: Walk): Json {
  if (!isTooDeep(value)) return frozen(value);
  report(walk, "wrong-format", `${at(walk)}: ${tooDeep}`);
  return null;
}

/** The value and all in it, made immutable. Its nulls stay: no schema says what they mean. */
function frozen(value: Json): Json {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}

/** Counted as Go counts them: in code points. */
function characters(value: string): number {
  return Array.from(value).length;
}

function entries(count: number): string {
  return count === 1 ? "one entry" : `${count} entries`;
}

function at(walk: Walk): string {
  return formatPath(walk.path);
}
