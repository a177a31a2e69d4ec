import type { Change } from "./fix.ts";
import { type Mistake, mistake } from "./mistake.ts";
import { type FieldPath, formatPath } from "./origin.ts";
import { fieldsOf, isJsonObject, type Json, type JsonObject, type Schema } from "./schema.ts";
import { didYouMean, nearest } from "./suggest.ts";

/** Where an unknown field was met. */
interface Place {
  readonly kind: string;
  /** Of the object that holds the field. */
  readonly path: FieldPath;
  /** Of all that contains the field: the root's first, the holder's last. */
  readonly schemas: readonly Schema[];
}

/** A field that the schema of its object does not list; with the one that was meant, or the place where it belongs. */
export function unknownField(field: string, holder: JsonObject, schema: Schema, place: Place): Mistake {
  const path = [...place.path, field];
  const message = `${formatPath(path)} is not a field of ${place.kind}.`;
  return {
    ...mistake("unknown-field", path, message, remedyFor(field, schema, place), rename(field, holder, schema, path)),
    atKey: true,
  };
}

/** Where the field that was meant is not there already, and takes such a value. */
function rename(field: string, holder: JsonObject, schema: Schema, path: FieldPath): readonly Change[] {
  const name = nearest(field, fieldsOf(schema));
  const meant = name === undefined ? undefined : schema.properties?.[name];
  if (name === undefined || meant === undefined || Object.hasOwn(holder, name)) return [];
  return fits(holder[field] ?? null, meant) ? [{ kind: "rename", path, name }] : [];
}

function fits(value: Json, { type, ...schema }: Schema): boolean {
  if (schema["x-kubernetes-int-or-string"]) return typeof value === "string" || typeof value === "number";
  switch (type) {
    case "array":
      return Array.isArray(value);
    case "object":
      return isJsonObject(value);
    case "integer":
      return typeof value === "number";
    default:
      return typeof value === type;
  }
}

function remedyFor(field: string, schema: Schema, { path, schemas }: Place): string {
  const fields = fieldsOf(schema);
  const suggestion = didYouMean(field, fields);
  if (suggestion !== undefined) return suggestion;
  const outer = schemas.findLastIndex((it) => it !== schema && Object.hasOwn(it.properties ?? {}, field));
  if (outer > 0) return `"${field}" is a field of ${formatPath(path.slice(0, outer))}: indent it less.`;
  const inner = fields.find((name) => {
    const property = schema.properties?.[name];
    return Object.hasOwn((property?.items ?? property)?.properties ?? {}, field);
  });
  if (inner !== undefined) return `"${field}" is a field of ${formatPath([...path, inner])}: write it there.`;
  return fields.length === 0 ? "Remove it." : `Fields here: ${fields.join(", ")}.`;
}
