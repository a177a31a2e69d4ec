import type { Equals, Reader, Renaming } from "./collection.ts";
import { DerivedNode } from "./derived.ts";
import { LookUps } from "./look-ups.ts";
import type { CollectionDump, CollectionNode, Engine } from "./node.ts";
import { asBefore } from "./renaming.ts";

export type Compute<In, Out> = (value: In, key: string, reader: Reader) => Out | undefined;

/** One to at most one, under the same key or the one that it is renamed to. */
export class DeriveNode<In, Out> extends DerivedNode<Out> {
  readonly #from: CollectionNode<In>;
  readonly #compute: Compute<In, Out>;
  readonly #renamed: Renaming;
  readonly #lookUps: LookUps;

  constructor(
    engine: Engine,
    name: string,
    order: number,
    from: CollectionNode<In>,
    compute: Compute<In, Out>,
    equals: Equals<Out>,
    renamed: Renaming = asBefore,
  ) {
    super(engine, name, order, [from], equals);
    this.#from = from;
    this.#compute = compute;
    this.#renamed = renamed;
    this.#lookUps = new LookUps(this, engine, this.mark, renamed);
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
      this.write(this.#renamed.of(key), undefined);
      return;
    }
    const output = this.run(key, () => this.#lookUps.track(key, (reader) => this.#compute(value, key, reader)));
    this.write(this.#renamed.of(key), output);
  }
}
