import { type Kind, schemaOf } from "../../../src/resources/kinds.ts";
import type { FieldPath } from "../../../src/resources/origin.ts";
import { isJsonObject, type Json, type JsonObject, type Schema } from "../../../src/resources/schema.ts";

/** A field that holds a value of its own, as the schema of its kind names it: `spec.rules[].matches[].method`, `spec.selector.*`. */
export interface Leaf {
  readonly path: string;
  readonly schema: Schema;
}

/** A leaf that an object sets. */
export interface SetLeaf extends Leaf {
  readonly at: FieldPath;
  readonly value: Json;
}

/** Of `metadata`, what people write; Kubernetes writes the rest. `status` is a controller's. */
const metadata: Schema = {
  properties: {
    name: { type: "string" },
    namespace: { type: "string" },
    labels: { additionalProperties: { type: "string" } },
    annotations: { additionalProperties: { type: "string" } },
  },
};

const { namespace: _, ...metadataOfTheCluster } = metadata.properties ?? {};

/** What is walked of a kind: all that a person may write in an object, but for what says of which kind it is. */
export function writtenSchema(kind: Kind, version: string): Schema {
  const {
    status: _status,
    apiVersion: _apiVersion,
    kind: _kind,
    ...properties
  } = schemaOf(kind, version).properties ?? {};
  return {
    properties: { ...properties, metadata: kind.namespaced ? metadata : { properties: metadataOfTheCluster } },
  };
}

/** Every leaf of a schema, in its own order. */
export function leavesOf(schema: Schema, path = ""): readonly Leaf[] {
  if (schema.properties !== undefined) {
    return Object.entries(schema.properties).flatMap(([name, property]) =>
      leavesOf(property, path === "" ? name : `${path}.${name}`),
    );
  }
  if (schema.items !== undefined) return leavesOf(schema.items, `${path}[]`);
  if (typeof schema.additionalProperties === "object") return leavesOf(schema.additionalProperties, `${path}.*`);
  return [{ path, schema }];
}

/** Every leaf that a value of a schema has. */
export function setLeavesOf(value: Json, schema: Schema, path = "", at: FieldPath = []): readonly SetLeaf[] {
  if (schema.properties !== undefined) {
    return Object.entries(isJsonObject(value) ? value : {}).flatMap(([name, inner]) => {
      const property = schema.properties?.[name];
      return property === undefined
        ? []
        : setLeavesOf(inner, property, path === "" ? name : `${path}.${name}`, [...at, name]);
    });
  }
  if (schema.items !== undefined) {
    const { items } = schema;
    return isList(value) ? value.flatMap((item, index) => setLeavesOf(item, items, `${path}[]`, [...at, index])) : [];
  }
  if (typeof schema.additionalProperties === "object") {
    const { additionalProperties } = schema;
    return Object.entries(isJsonObject(value) ? value : {}).flatMap(([name, inner]) =>
      setLeavesOf(inner, additionalProperties, `${path}.*`, [...at, name]),
    );
  }
  return [{ path, schema, at, value }];
}

/** A copy with another value at a place, or without it. */
export function replaced(value: Json, [step, ...rest]: FieldPath, by: Json | undefined): Json {
  if (step === undefined) return by ?? null;
  const inner = (old: Json | undefined): Json => replaced(old ?? null, rest, by);
  const goes = rest.length === 0 && by === undefined;
  if (isList(value)) {
    return value.flatMap((item, index) => (index !== step ? [item] : goes ? [] : [inner(item)]));
  }
  const object: JsonObject = isJsonObject(value) ? value : {};
  const { [step]: old, ...others } = object;
  return goes ? others : { ...others, [step]: inner(old) };
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** The value at a place, which must be there. */
export function valueAt(value: Json, [step, ...rest]: FieldPath): Json {
  if (step === undefined) return value;
  const inner = isList(value) ? value[Number(step)] : isJsonObject(value) ? value[step] : undefined;
  return inner === undefined ? null : valueAt(inner, rest);
}
