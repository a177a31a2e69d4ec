import { identify } from "../../src/resources/identify.ts";
import { schemaOf } from "../../src/resources/kinds.ts";
import { isError } from "../../src/resources/mistake.ts";
import type { KubernetesObject } from "../../src/resources/object.ts";
import type { JsonObject } from "../../src/resources/schema.ts";
import { validateObject } from "../../src/resources/validate-object.ts";
import { validateRules } from "../../src/resources/validate-rules.ts";
import { validateStructure } from "../../src/resources/validate-structure.ts";
import { decode } from "../../src/sources/kubernetes/decode.ts";

/**
 * The object that is read from a document: of a file, or, where a file would be refused for what no schema says, from an API
 * server, which admits it.
 */
export function admit(document: JsonObject): KubernetesObject | undefined {
  const { object } = validateObject(document);
  if (object !== undefined || !isNamed(document)) return object;
  const identity = identify(document);
  if ("mistake" in identity) return undefined;
  const schema = schemaOf(identity.kind, identity.version);
  const { value, mistakes } = validateStructure(identity.value, schema, identity.kind.kind);
  if ([...mistakes, ...validateRules(value, schema, [])].some(isError)) return undefined;
  return decode(identity.kind, document, { contents: true }).object;
}

function isNamed(document: JsonObject): document is JsonObject & Parameters<typeof decode>[1] {
  const { metadata } = document;
  return typeof metadata === "object" && metadata !== null && "name" in metadata;
}
