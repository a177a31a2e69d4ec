import type { Equals, Member, Reader } from "./collection.ts";
import { DerivedNode } from "./derived.ts";
import { LookUps } from "./look-ups.ts";
import { find, type MemberChange, merge } from "./members.ts";
import type { CollectionDump, CollectionNode, Engine } from "./node.ts";

export type ComputeMany<In, Out> = (
  value: In,
  key: string,
  reader: Reader,
) => Iterable<readonly [key: string, value: Out]>;

/**
 * One to many, under keys of the function's choice. For a key that several parents produce, the lowest parent key wins, and
 * the next takes over when it goes; of a key that one parent produces twice, the first counts.
 */
export class DeriveManyNode<In, Out> extends DerivedNode<Out> {
  readonly #from: CollectionNode<In>;
  readonly #compute: ComputeMany<In, Out>;
  readonly #lookUps: LookUps;
  /** Parent key → the keys that it produced. */
  readonly #produced = new Map<string, readonly string[]>();
  /** Produced key → what each parent made for it, sorted by parent key. */
  readonly #candidates = new Map<string, readonly Member<Out>[]>();
  readonly #touched = new Map<string, MemberChange<Out>[]>();

  constructor(
    engine: Engine,
    name: string,
    order: number,
    from: CollectionNode<In>,
    compute: ComputeMany<In, Out>,
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
    const tracked = this.#produced.size + this.#candidates.size + this.#lookUps.countKeys();
    return { ...super.dump(), tracked, dependencies: this.#lookUps.countLookUps() };
  }

  protected override refresh(parent: string): void {
    const outputs = this.#outputs(parent);
    for (const key of this.#produced.get(parent) ?? []) if (!outputs.has(key)) this.#touch(key, parent, undefined);
    for (const [key, value] of outputs) {
      const known = find(this.#candidates.get(key) ?? [], parent);
      if (known === undefined || !this.same(key, known.value, value)) this.#touch(key, parent, value);
    }
    if (outputs.size === 0) this.#produced.delete(parent);
    else this.#produced.set(parent, [...outputs.keys()]);
  }

  protected override flush(): void {
    for (const [key, changes] of this.#touched) {
      const candidates = merge(this.#candidates.get(key) ?? [], changes);
      if (candidates.length === 0) this.#candidates.delete(key);
      else this.#candidates.set(key, candidates);
      this.write(key, candidates[0]?.value);
    }
    this.#touched.clear();
  }

  #outputs(parent: string): ReadonlyMap<string, Out> {
    const outputs = new Map<string, Out>();
    const value = this.#from.peek(parent);
    if (value === undefined) {
      this.#lookUps.forget(parent);
      return outputs;
    }
    const complete = this.run(parent, () =>
      this.#lookUps.track(parent, (reader) => {
        for (const [key, output] of this.#compute(value, parent, reader))
          if (!outputs.has(key)) outputs.set(key, output);
        return true;
      }),
    );
    return complete ? outputs : new Map();
  }

  #touch(key: string, parent: string, value: Out | undefined): void {
    const changes = this.#touched.get(key);
    if (changes === undefined) this.#touched.set(key, [{ key: parent, value }]);
    else changes.push({ key: parent, value });
  }
}
