import { isIP } from "node:net";
import { type Mistake, mistake } from "./mistake.ts";
import { type FieldPath, formatPath } from "./origin.ts";
import { isJsonObject, type Json, type JsonObject, type Schema } from "./schema.ts";

/**
 * `oneOf`: an object must have exactly one of several forms. In the Gateway API this is an address, whose value must be
 * an IP address if its type says so; the form of the same `type` is the one that was meant.
 */
export function formMistakes(value: JsonObject, forms: readonly Schema[], path: FieldPath): readonly Mistake[] {
  if (forms.filter((form) => conforms(value, form)).length === 1) return [];
  const type = value["type"] ?? null;
  const meant = forms.find(
    ({ properties }) => properties?.["type"] !== undefined && conforms(type, properties["type"]),
  );
  const wrong = Object.entries(meant?.properties ?? {}).find(
    ([name, schema]) => !conforms(value[name] ?? null, schema),
  );
  if (wrong === undefined)
    return [mistake("wrong-format", path, `${formatPath(path)} has none of the forms it may have.`)];
  const [field, schema] = wrong;
  const at = [...path, field];
  const given = `${formatPath(at)}: ${JSON.stringify(value[field] ?? null)}`;
  const isAddress = schema.anyOf?.some(({ format }) => format === "ipv4" || format === "ipv6");
  const words = isAddress ? "is not an IP address" : "does not fit";
  return [mistake("wrong-format", at, `${given} ${words}; the type is ${JSON.stringify(type)}.`)];
}

function conforms(value: Json, schema: Schema): boolean {
  return (
    (schema.enum === undefined || schema.enum.includes(value)) &&
    (schema.anyOf === undefined || schema.anyOf.some((form) => conforms(value, form))) &&
    (schema.not === undefined || !conforms(value, schema.not)) &&
    (schema.format !== "ipv4" || (typeof value === "string" && isIP(value) === 4)) &&
    (schema.format !== "ipv6" || (typeof value === "string" && isIP(value) === 6)) &&
    (!isJsonObject(value) ||
      Object.entries(schema.properties ?? {}).every(
        ([name, property]) => value[name] === undefined || conforms(value[name], property),
      ))
  );
}
