import { type CelInput, type CelUint, celList, celMap } from "@bufbuild/cel";
import { isJsonObject, type Json, type JsonObject, type Schema } from "./schema.ts";

const untyped: Schema = {};

/**
 * A JSON value as CEL sees it: integers by its schema, objects as maps whose fields are converted when a rule reads them.
 *
 * A field whose name is a reserved word of CEL is `__name__` in rules.
 */
export function celValue(value: Json, schema: Schema = untyped): CelInput {
  if (typeof value === "number") {
    return schema.type !== "number" && Number.isInteger(value) ? BigInt(value) : value;
  }
  if (Array.isArray(value)) return celList(value.map((item: Json) => celValue(item, schema.items)));
  if (isJsonObject(value)) return celMap(new Fields(value, schema));
  return value;
}

type Key = bigint | string | boolean | CelUint;

class Fields implements ReadonlyMap<Key, CelInput> {
  readonly #object: JsonObject;
  readonly #schema: Schema;
  readonly #converted = new Map<string, CelInput>();

  constructor(object: JsonObject, schema: Schema) {
    this.#object = object;
    this.#schema = schema;
  }

  get size(): number {
    return Object.keys(this.#object).length;
  }

  get(key: Key): CelInput | undefined {
    if (typeof key !== "string") return undefined;
    const name = key.startsWith("__") && key.endsWith("__") ? key.slice(2, -2) : key;
    const known = this.#converted.get(name);
    if (known !== undefined || !Object.hasOwn(this.#object, name)) return known;
    const converted = celValue(this.#object[name] ?? null, this.#schemaOf(name));
    this.#converted.set(name, converted);
    return converted;
  }

  has(key: Key): boolean {
    return this.get(key) !== undefined;
  }

  forEach(callback: (value: CelInput, key: Key, map: ReadonlyMap<Key, CelInput>) => void): void {
    for (const [key, value] of this) callback(value, key, this);
  }

  *entries(): MapIterator<[Key, CelInput]> {
    for (const key of Object.keys(this.#object)) yield [key, this.get(key) ?? null];
  }

  *keys(): MapIterator<Key> {
    yield* Object.keys(this.#object);
  }

  *values(): MapIterator<CelInput> {
    for (const [, value] of this) yield value;
  }

  [Symbol.iterator](): MapIterator<[Key, CelInput]> {
    return this.entries();
  }

  #schemaOf(name: string): Schema | undefined {
    const { properties, additionalProperties } = this.#schema;
    if (properties !== undefined && Object.hasOwn(properties, name)) return properties[name];
    return typeof additionalProperties === "object" ? additionalProperties : undefined;
  }
}
