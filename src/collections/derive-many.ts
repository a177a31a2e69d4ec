import { shared } from "../strings/shared.ts";
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
  /** Parent key → the keys that it produced; one alone, the usual case, needs no list. */
  readonly #produced = new Map<string, string | readonly string[]>();
  /** Produced key → its parent, or what each of several parents made for it, sorted by parent key. */
  readonly #candidates = new Map<string, string | readonly Member<Out>[]>();
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
    for (const key of this.#producedBy(parent)) if (!outputs.has(key)) this.#touch(key, parent, undefined);
    for (const [key, value] of outputs) {
      const known = find(this.#candidatesOf(key), parent);
      if (known === undefined || !this.same(key, known.value, value)) this.#touch(key, parent, value);
    }
    const [first, ...others] = outputs.keys();
    if (first === undefined) this.#produced.delete(parent);
    else this.#produced.set(parent, others.length === 0 ? shared(first) : [first, ...others].map(shared));
  }

  protected override flush(): void {
    for (const [key, changes] of this.#touched) {
      const candidates = merge(this.#candidatesOf(key), changes);
      const [first] = candidates;
      this.write(key, first?.value);
      if (first === undefined) this.#candidates.delete(key);
      else this.#candidates.set(shared(key), candidates.length === 1 ? first.key : candidates);
    }
    this.#touched.clear();
  }

  #producedBy(parent: string): readonly string[] {
    const produced = this.#produced.get(parent) ?? [];
    return typeof produced === "string" ? [produced] : produced;
  }

  #candidatesOf(key: string): readonly Member<Out>[] {
    const candidates = this.#candidates.get(key) ?? [];
    if (typeof candidates !== "string") return candidates;
    // What is there is what the only parent made.
    const value = this.peek(key);
    return value === undefined ? [] : [{ key: candidates, value }];
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
