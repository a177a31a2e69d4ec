import type { Equals } from "./collection.ts";
import { DerivedNode } from "./derived.ts";
import type { CollectionNode, Engine } from "./node.ts";

/** Union; of equal keys, the earlier collection's value counts. */
export class JoinNode<Value> extends DerivedNode<Value> {
  readonly #collections: readonly CollectionNode<Value>[];

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

  protected override refresh(key: string): void {
    const holder = this.#collections.find((collection) => collection.peek(key) !== undefined);
    this.write(key, holder?.peek(key));
  }
}
