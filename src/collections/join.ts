import type { Equals } from "./collection.ts";
import { DerivedNode } from "./derived.ts";
import type { CollectionNode, Engine } from "./node.ts";

type Before<Value> = ReadonlyMap<string, Value | undefined>;

/** Union; of equal keys, the earlier collection's value counts. It is looked up where it is: nothing is kept twice. */
export class JoinNode<Value> extends DerivedNode<Value> {
  readonly #collections: readonly CollectionNode<Value>[];
  #count = 0;
  /** By collection, while this one is brought up to date. */
  #before: readonly Before<Value>[] = [];

  constructor(
    engine: Engine,
    name: string,
    order: number,
    collections: readonly CollectionNode<Value>[],
    equals: Equals<Value>,
  ) {
    super(engine, name, order, collections, equals);
    this.#collections = collections;
  }

  /** Nobody has seen it before: all that there is to know is how much there is. */
  override build(): void {
    this.#count = [...this.keys()].length;
  }

  override peek(key: string): Value | undefined {
    for (const collection of this.#collections) {
      const value = collection.peek(key);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  override *keys(): IterableIterator<string> {
    for (const [index, collection] of this.#collections.entries()) {
      const earlier = this.#collections.slice(0, index);
      for (const key of collection.keys()) if (earlier.every((each) => each.peek(key) === undefined)) yield key;
    }
  }

  protected override *all(): IterableIterator<[string, Value]> {
    for (const key of this.keys()) {
      const value = this.peek(key);
      if (value !== undefined) yield [key, value];
    }
  }

  protected override count(): number {
    return this.#count;
  }

  protected override update(): void {
    this.#before = this.#collections.map((collection) => collection.valuesBefore());
    super.update();
    this.#before = [];
  }

  protected override refresh(key: string): void {
    const before = this.#peekBefore(key);
    const after = this.peek(key);
    if (before === undefined ? after === undefined : after !== undefined && this.same(key, before, after)) return;
    if (before === undefined) this.#count += 1;
    if (after === undefined) this.#count -= 1;
    this.changed(key, before, after);
  }

  #peekBefore(key: string): Value | undefined {
    for (const [index, collection] of this.#collections.entries()) {
      const changed = this.#before[index];
      const value = changed?.has(key) === true ? changed.get(key) : collection.peek(key);
      if (value !== undefined) return value;
    }
    return undefined;
  }
}
