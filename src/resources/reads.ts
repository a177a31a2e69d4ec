import { isJsonObject, type Json } from "./schema.ts";

/**
 * What somebody read of a JSON value: the scalars that they saw, how long lists were, which fields were there and which
 * were not. Of a field that nobody asked for it says nothing.
 */
export type Reads =
  | { readonly kind: "scalar"; readonly value: Json }
  | { readonly kind: "list"; readonly items: readonly Reads[] }
  | FieldReads;

/** It grows while an object is read. */
export interface FieldReads {
  readonly kind: "object";
  /** By name; undefined: it was asked for, and wasn't there. */
  readonly fields: Map<string, Reads | undefined>;
  /** All names in order, if anybody wanted to know them. */
  names?: readonly string[];
}

/**
 * Whether who reads this value as they read another one sees the same. What follows from nothing but those reads, such as
 * the verdict of a rule, then is the same, too.
 */
export function readsAlike(value: Json, reads: Reads): boolean {
  switch (reads.kind) {
    case "scalar":
      return value === reads.value;
    case "list":
      return (
        Array.isArray(value) &&
        value.length === reads.items.length &&
        reads.items.every((item, index) => readsAlike(value[index] ?? null, item))
      );
    case "object":
      if (!isJsonObject(value)) return false;
      if (reads.names !== undefined && !sameNames(Object.keys(value), reads.names)) return false;
      for (const [name, field] of reads.fields) {
        if (Object.hasOwn(value, name) !== (field !== undefined)) return false;
        if (field !== undefined && !readsAlike(value[name] ?? null, field)) return false;
      }
      return true;
  }
}

function sameNames(names: readonly string[], others: readonly string[]): boolean {
  return names.length === others.length && names.every((name, index) => name === others[index]);
}
