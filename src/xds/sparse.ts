/**
 * A map that is mostly empty: it then takes 40 bytes, and an empty Map takes 220. A stream has some thirty. Otherwise like a Map, also
 * while it changes during an iteration.
 */
export class SparseMap<Key, Value> {
  #entries: Map<Key, Value> | undefined;

  get size(): number {
    return this.#entries?.size ?? 0;
  }

  get(key: Key): Value | undefined {
    return this.#entries?.get(key);
  }

  has(key: Key): boolean {
    return this.#entries?.has(key) === true;
  }

  set(key: Key, value: Value): void {
    this.#entries ??= new Map();
    this.#entries.set(key, value);
  }

  delete(key: Key): boolean {
    const deleted = this.#entries?.delete(key) === true;
    if (this.#entries?.size === 0) this.#entries = undefined;
    return deleted;
  }

  clear(): void {
    this.#entries?.clear();
    this.#entries = undefined;
  }

  *[Symbol.iterator](): IterableIterator<[Key, Value]> {
    let seen: Map<Key, Value> | undefined;
    // What comes after all were deleted is in another map.
    while (this.#entries !== seen && this.#entries !== undefined) {
      seen = this.#entries;
      yield* seen;
    }
  }

  *keys(): IterableIterator<Key> {
    for (const [key] of this) yield key;
  }

  *values(): IterableIterator<Value> {
    for (const [, value] of this) yield value;
  }
}

/** The same of a set. */
export class SparseSet<Value> {
  readonly #values = new SparseMap<Value, true>();

  get size(): number {
    return this.#values.size;
  }

  has(value: Value): boolean {
    return this.#values.has(value);
  }

  add(value: Value): void {
    this.#values.set(value, true);
  }

  delete(value: Value): boolean {
    return this.#values.delete(value);
  }

  [Symbol.iterator](): IterableIterator<Value> {
    return this.#values.keys();
  }
}
