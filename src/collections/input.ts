import type { Equals, Input } from "./collection.ts";
import { CollectionNode, type Engine } from "./node.ts";

/** What an input needs of its graph: to have a write done when the transaction ends. */
export interface InputEngine extends Engine {
  write(collection: string, write: () => void): void;
}

/** A collection that the outside writes to. `undefined` is no value: setting it deletes. */
export class InputNode<Value> extends CollectionNode<Value> implements Input<Value> {
  readonly #engine: InputEngine;
  readonly #written = new Map<string, Value | undefined>();

  constructor(engine: InputEngine, name: string, order: number, equals: Equals<Value>) {
    super(engine, name, order, equals);
    this.#engine = engine;
  }

  set(key: string, value: Value): void {
    this.#engine.write(this.name, () => this.#apply(key, value));
  }

  delete(key: string): void {
    this.#engine.write(this.name, () => this.#apply(key, undefined));
  }

  protected override update(): void {
    for (const [key, value] of this.#written) this.write(key, value);
    this.#written.clear();
  }

  #apply(key: string, value: Value | undefined): void {
    if (this.#written.size === 0) this.engine.schedule(this);
    this.#written.set(key, value);
  }
}
