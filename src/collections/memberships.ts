/** The groups of one member, before and after. */
export interface Move {
  readonly before: readonly string[];
  readonly after: ReadonlySet<string>;
}

const none: ReadonlySet<string> = new Set();

/** Which groups each member is in. */
export class Memberships {
  readonly #groups = new Map<string, readonly string[]>();

  get size(): number {
    return this.#groups.size;
  }

  move(member: string, groups: Iterable<string> | undefined): Move {
    const before = this.#groups.get(member) ?? [];
    const after = groups === undefined ? none : new Set(groups);
    if (after.size === 0) this.#groups.delete(member);
    else if (before.length !== after.size || !before.every((group) => after.has(group)))
      this.#groups.set(member, [...after]);
    return { before, after };
  }
}
