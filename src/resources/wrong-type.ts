import type { Change } from "./fix.ts";
import { type Mistake, mistake } from "./mistake.ts";
import { type FieldPath, formatPath } from "./origin.ts";
import { isJsonObject, type Json, type Schema } from "./schema.ts";

/** A value of another type than its schema's: what was expected, what was found, and the usual reason for that. */
export function wrongType(value: Json, schema: Schema, path: FieldPath): Mistake {
  const where = path.length === 0 ? "The document" : formatPath(path);
  return mistake(
    "wrong-type",
    path,
    `${where} must be ${expected(schema)}, but is ${found(value)}.`,
    remedy(value, schema),
    fix(value, schema, path),
  );
}

/** Quotes too many or too few. */
function fix(value: Json, schema: Schema, path: FieldPath): readonly Change[] {
  const meant = meantBy(value, schema);
  return meant === undefined ? [] : [{ kind: "set", path, value: meant }];
}

function meantBy(value: Json, { type }: Schema): Json | undefined {
  if (type === "string" && (typeof value === "number" || typeof value === "boolean")) return String(value);
  if (typeof value !== "string") return undefined;
  if (type === "boolean") return booleanMeant(value);
  if (type === "integer") return /^\s*-?\d+\s*$/.test(value) ? Number(value) : undefined;
  return type === "number" && isNumeric(value) ? Number(value) : undefined;
}

/** What a schema takes, in words. @example expected({ type: "integer", minimum: 1, maximum: 9 })  // "an integer from 1 to 9" */
export function expected(schema: Schema): string {
  const { minimum, maximum } = schema;
  if (schema["x-kubernetes-int-or-string"]) return "an integer or a string";
  if (schema.enum !== undefined) return schema.enum.join(", ").replace(/, ([^,]*)$/, " or $1");
  switch (schema.type) {
    case "object":
      return "a mapping";
    case "array":
      return "a list";
    case "integer":
      return minimum !== undefined && maximum !== undefined ? `an integer from ${minimum} to ${maximum}` : "an integer";
    case "boolean":
      return "true or false";
    case "number":
    case "string":
      return `a ${schema.type}`;
    default:
      return "a value";
  }
}

function found(value: Json): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  if (isJsonObject(value)) return "a mapping";
  return `the ${typeof value} ${JSON.stringify(value)}`;
}

function remedy(value: Json, schema: Schema): string | undefined {
  switch (schema.type) {
    case "integer":
    case "number":
      return typeof value === "string" && isNumeric(value) ? `Remove the quotes: ${value.trim()}.` : undefined;
    case "string":
      return typeof value === "number" || typeof value === "boolean" ? `Put it in quotes: "${value}".` : undefined;
    case "boolean":
      return typeof value === "string" ? booleanFor(value) : undefined;
    case "array":
      return Array.isArray(value) || value === null ? undefined : 'Write "- " in front of it, or put it in [ ].';
    case "object":
      if (Array.isArray(value)) return 'Remove the "- ": there is just one.';
      return typeof value === "string" && /^\w+:\S/.test(value)
        ? `Write a space after the colon: ${value.replace(":", ": ")}.`
        : undefined;
    default:
      return undefined;
  }
}

function isNumeric(text: string): boolean {
  return text.trim() !== "" && Number.isFinite(Number(text));
}

function booleanFor(word: string): string | undefined {
  const lower = word.toLowerCase();
  if (lower === "true" || lower === "false") return `Remove the quotes: ${lower}.`;
  const meant = booleanMeant(word);
  return meant === undefined ? undefined : `Write ${meant}.`;
}

function booleanMeant(word: string): boolean | undefined {
  const lower = word.toLowerCase();
  if (["true", "yes", "y", "on"].includes(lower)) return true;
  return ["false", "no", "n", "off"].includes(lower) ? false : undefined;
}
