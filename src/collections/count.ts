import { DerivedNode } from "./derived.ts";
import type { By } from "./group.ts";
import { Memberships } from "./memberships.ts";
import type { CollectionDump, CollectionNode, Engine } from "./node.ts";

/** Group key → number of members, at a cost that does not depend on that number. */
export class CountNode<In> extends DerivedNode<number> {
  readonly #from: CollectionNode<In>;
  readonly #by: By<In>;
  readonly #memberships = new Memberships();
  readonly #deltas = new Map<string, number>();

  constructor(engine: Engine, name: string, order: number, from: CollectionNode<In>, by: By<In>) {
    super(engine, name, order, [from], Object.is);
    this.#from = from;
    this.#by = by;
  }

  override dump(): CollectionDump {
    return { ...super.dump(), tracked: this.#memberships.size };
  }

  protected override refresh(key: string): void {
    const value = this.#from.peek(key);
    const groups = value === undefined ? undefined : this.run(key, () => [...this.#by(value, key)]);
    const { left, joined } = this.#memberships.move(key, groups ?? []);
    for (const group of left) this.#add(group, -1);
    for (const group of joined) this.#add(group, 1);
  }

  protected override flush(): void {
    for (const [group, delta] of this.#deltas) {
      const count = (this.peek(group) ?? 0) + delta;
      this.write(group, count === 0 ? undefined : count);
    }
    this.#deltas.clear();
  }

  #add(group: string, delta: number): void {
    this.#deltas.set(group, (this.#deltas.get(group) ?? 0) + delta);
  }
}
