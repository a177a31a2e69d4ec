/**
 * A keyed set of immutable values that changes over time, one transaction after the other.
 *
 * Event contract, the same for every implementation:
 * - Readers and subscribers only ever see the state after a whole transaction, never one in between.
 * - In one transaction a key changes at most once, as seen by a subscriber, and never from a value to an equal one.
 * - Changes of one transaction are delivered in one call, in key order (by UTF-16 code unit, as `<` compares).
 *
 * A derivation must not read a collection through these members, since nothing would remember the look-up: they throw
 * while one runs. It uses its `Reader`.
 */
export interface Collection<Value> {
  readonly name: string;
  readonly size: number;
  get(key: string): Value | undefined;
  /** Entries in no particular order. */
  entries(): IterableIterator<[string, Value]>;
  /** Calls `observer` once for each transaction that changed something. Returns a function that ends it. */
  subscribe(observer: (changes: readonly Change<Value>[]) => void): () => void;
}

/** `before` is absent for an addition, `after` for a removal. */
export interface Change<Value> {
  readonly key: string;
  readonly before: Value | undefined;
  readonly after: Value | undefined;
}

/**
 * A collection that the outside writes to, in a transaction. A write outside of one is a transaction of its own.
 * Until the transaction ends, `get` still answers what was there before it.
 */
export interface Input<Value> extends Collection<Value> {
  set(key: string, value: Value): void;
  delete(key: string): void;
}

/** What a derivation may look at besides its own object. Every look-up is remembered: when its answer changes, the derivation runs again. */
export interface Reader {
  /** Absent keys are remembered too. `collection` must have been created before the derivation. */
  readonly fetch: <Value>(collection: Collection<Value>, key: string) => Value | undefined;
}

/** One member of a group, under the key that it has in the grouped collection. */
export interface Member<Value> {
  readonly key: string;
  readonly value: Value;
}

/** Whether a change from `before` to `after` may be kept from everybody downstream. */
export type Equals<Value> = (before: Value, after: Value) => boolean;

export interface Options<Value> {
  /** `deepEqual`, unless given. */
  readonly equals?: Equals<Value>;
}

/** Other keys for the keys of a collection, one for each. */
export interface Renaming {
  readonly of: (key: string) => string;
  /**
   * The key that is renamed to this one, if any is. Worth having where a derivation looks up its new key in other collections: that
   * is then remembered in less memory.
   */
  readonly from?: (renamed: string) => string | undefined;
}
