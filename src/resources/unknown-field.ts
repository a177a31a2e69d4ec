import { type Mistake, mistake } from "./mistake.ts";
import { type FieldPath, formatPath } from "./origin.ts";
import { fieldsOf, type Schema } from "./schema.ts";
import { didYouMean } from "./suggest.ts";

/** Where an unknown field was met. */
interface Place {
  readonly kind: string;
  /** Of the object that holds the field. */
  readonly path: FieldPath;
  /** Of all that contains the field: the root's first, the holder's last. */
  readonly schemas: readonly Schema[];
}

/** A field that the schema of its object does not list; with the one that was meant, or the place where it belongs. */
export function unknownField(field: string, schema: Schema, place: Place): Mistake {
  const path = [...place.path, field];
  const message = `${formatPath(path)} is not a field of ${place.kind}.`;
  return { ...mistake("unknown-field", path, message, remedyFor(field, schema, place)), atKey: true };
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
