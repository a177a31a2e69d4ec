import { type CelInput, type CelUint, celList, celMap } from "@bufbuild/cel";
import type { FieldReads, Reads } from "./reads.ts";
import { isJsonObject, type Json, type JsonObject, type Schema } from "./schema.ts";

const untyped: Schema = {};

/**
 * A JSON value as CEL sees it: integers by its schema, objects as maps whose fields are converted when a rule reads them.
 *
 * A field whose name is a reserved word of CEL is `__name__` in rules.
 */
export function celValue(value: Json, schema?: Schema): CelInput {
  return readable(value, schema).value;
}

/** {@link celValue}, and what rules have read of it so far. */
export function readable(value: Json, schema: Schema = untyped): { readonly value: CelInput; readonly reads: Reads } {
  if (Array.isArray(value)) {
    const items = value.map((item: Json) => readable(item, schema.items));
    return {
      value: celList(items.map((item) => item.value)),
      reads: { kind: "list", items: items.map((item) => item.reads) },
    };
  }
  if (isJsonObject(value)) {
    const fields = new Fields(value, schema);
    return { value: celMap(fields), reads: fields.reads };
  }
  const isInteger = typeof value === "number" && schema.type !== "number" && Number.isInteger(value);
  return { value: isInteger ? BigInt(value) : value, reads: { kind: "scalar", value } };
}

type Key = bigint | string | boolean | CelUint;

class Fields implements ReadonlyMap<Key, CelInput> {
  readonly reads: FieldReads = { kind: "object", fields: new Map() };
  readonly #object: JsonObject;
  readonly #schema: Schema;
  readonly #converted = new Map<string, CelInput>();

  constructor(object: JsonObject, schema: Schema) {
    this.#object = object;
    this.#schema = schema;
  }

  get size(): number {
    return this.#names().length;
  }

  get(key: Key): CelInput | undefined {
    if (typeof key !== "string") return undefined;
    const name = key.startsWith("__") && key.endsWith("__") ? key.slice(2, -2) : key;
    const known = this.#converted.get(name);
    if (known !== undefined) return known;
    if (!Object.hasOwn(this.#object, name)) {
      this.reads.fields.set(name, undefined);
      return undefined;
    }
    const { value, reads } = readable(this.#object[name] ?? null, this.#schemaOf(name));
    this.reads.fields.set(name, reads);
    this.#converted.set(name, value);
    return value;
  }

  has(key: Key): boolean {
    return this.get(key) !== undefined;
  }

  forEach(callback: (value: CelInput, key: Key, map: ReadonlyMap<Key, CelInput>) => void): void {
    for (const [key, value] of this) callback(value, key, this);
  }

  *entries(): MapIterator<[Key, CelInput]> {
    for (const key of this.#names()) yield [key, this.get(key) ?? null];
  }

  *keys(): MapIterator<Key> {
    yield* this.#names();
  }

  *values(): MapIterator<CelInput> {
    for (const [, value] of this) yield value;
  }

  [Symbol.iterator](): MapIterator<[Key, CelInput]> {
    return this.entries();
  }

  #names(): readonly string[] {
    const names = Object.keys(this.#object);
    this.reads.names = names;
    return names;
  }

  #schemaOf(name: string): Schema | undefined {
    const { properties, additionalProperties } = this.#schema;
    if (properties !== undefined && Object.hasOwn(properties, name)) return properties[name];
    return typeof additionalProperties === "object" ? additionalProperties : undefined;
  }
}
