import type { Equals, Reader } from "./collection.ts";
import { DerivedNode } from "./derived.ts";
import { LookUps } from "./look-ups.ts";
import type { CollectionDump, CollectionNode, Engine } from "./node.ts";

export type Compute<In, Out> = (value: In, key: string, reader: Reader) => Out | undefined;

/** One to at most one, under the same key. */
export class DeriveNode<In, Out> extends DerivedNode<Out> {
  readonly #from: CollectionNode<In>;
  readonly #compute: Compute<In, Out>;
  readonly #lookUps: LookUps;

  constructor(
    engine: Engine,
    name: string,
    order: number,
    from: CollectionNode<In>,
    compute: Compute<In, Out>,
    equals: Equals<Out>,
  ) {
    super(engine, name, order, [from], equals);
    this.#from = from;
    this.#compute = compute;
    this.#lookUps = new LookUps(this, engine, this.mark);
  }

  override release(): void {
    this.#lookUps.stop();
  }

  override dump(): CollectionDump {
    return { ...super.dump(), tracked: this.#lookUps.countKeys(), dependencies: this.#lookUps.countLookUps() };
  }

  protected override refresh(key: string): void {
    const value = this.#from.peek(key);
    if (value === undefined) {
      this.#lookUps.forget(key);
      this.write(key, undefined);
      return;
    }
    const output = this.run(key, () => this.#lookUps.track(key, (reader) => this.#compute(value, key, reader)));
    this.write(key, output);
  }
}
