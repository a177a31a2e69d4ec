import type { Member } from "./collection.ts";
import { DerivedNode } from "./derived.ts";
import { type MemberChange, merge } from "./members.ts";
import { Memberships } from "./memberships.ts";
import type { CollectionDump, CollectionNode, Engine } from "./node.ts";

export type By<In> = (value: In, key: string) => Iterable<string>;

/** An index: group key → members, sorted by key. A group's list is built once for each transaction that touches it. */
export class GroupNode<In> extends DerivedNode<readonly Member<In>[]> {
  readonly #from: CollectionNode<In>;
  readonly #by: By<In>;
  readonly #memberships = new Memberships();
  readonly #touched = new Map<string, MemberChange<In>[]>();

  constructor(engine: Engine, name: string, order: number, from: CollectionNode<In>, by: By<In>) {
    // A group is touched only when a member came, went or changed, so its lists never are equal.
    super(engine, name, order, [from], () => false);
    this.#from = from;
    this.#by = by;
  }

  override dump(): CollectionDump {
    return { ...super.dump(), tracked: this.#memberships.size };
  }

  protected override refresh(key: string): void {
    const value = this.#from.peek(key);
    const groups = value === undefined ? undefined : this.run(key, () => [...this.#by(value, key)]);
    const { left, now } = this.#memberships.move(key, groups ?? []);
    for (const group of left) this.#touch(group, { key, value: undefined });
    for (const group of now) this.#touch(group, { key, value });
  }

  protected override flush(): void {
    for (const [group, changes] of this.#touched) {
      const members = merge(this.peek(group) ?? [], changes);
      this.write(group, members.length === 0 ? undefined : members);
    }
    this.#touched.clear();
  }

  #touch(group: string, change: MemberChange<In>): void {
    const changes = this.#touched.get(group);
    if (changes === undefined) this.#touched.set(group, [change]);
    else changes.push(change);
  }
}
