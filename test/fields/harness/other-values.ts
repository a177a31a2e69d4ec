import type { Json, Schema } from "../../../src/resources/schema.ts";

/**
 * What may stand in place of a value; undefined is nothing at all. Not all of it need be valid: an object's own schema and rules
 * decide that.
 *
 * Of a field with a list of values these are all others, since each has to mean something of its own.
 */
export function otherValues(value: Json, schema: Schema): readonly (Json | undefined)[] {
  if (schema.enum !== undefined) {
    return [...schema.enum.filter((other): other is string | number => other !== value && other !== ""), undefined];
  }
  switch (typeof value) {
    case "boolean":
      return [!value, undefined];
    case "number":
      return [undefined, value + 1, value - 1];
    case "string":
      return [undefined, ...otherStrings(value)];
    default:
      return [undefined];
  }
}

function otherStrings(value: string): readonly string[] {
  const duration = /^([0-9]+)(h|m|s|ms)$/.exec(value);
  if (duration !== null) return [`${Number(duration[1]) + 1}${duration[2]}`];
  const address = /^([0-9]+\.[0-9]+\.[0-9]+\.)([0-9]+)$/.exec(value);
  if (address !== null) return [`${address[1]}${Number(address[2]) + 1}`];
  return [`${value}x`, `x${value}`, `${value}/x`, `example.com/${value}`];
}
