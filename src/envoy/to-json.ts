import { type DescMessage, fromBinary, type MessageShape, toJson } from "@bufbuild/protobuf";
import { registry } from "./generated/registry.ts";
import { bytesOf, type EnvoyResource } from "./resource.ts";

/** A message as the JSON that Envoy reads and writes, fields named as in its documentation. */
export function toJsonObject<Schema extends DescMessage>(schema: Schema, message: MessageShape<Schema>): object {
  const json = toJson(schema, message, { registry, useProtoFieldName: true });
  if (typeof json !== "object" || json === null) throw new TypeError(`${schema.typeName} is no JSON object`);
  return json;
}

/**
 * What a resource says, readable: for golden files, `print` and the web page.
 *
 * @throws Error if its type is none of Envoy's, or its bytes are no message of it
 */
export function resourceToJson(resource: Pick<EnvoyResource, "typeUrl" | "encoded">): object {
  const name = resource.typeUrl.slice(resource.typeUrl.lastIndexOf("/") + 1);
  const schema = registry.getMessage(name);
  if (schema === undefined) throw new Error(`${name} is no message of Envoy's that Gatewright knows`);
  return toJsonObject(schema, fromBinary(schema, bytesOf(resource)));
}
