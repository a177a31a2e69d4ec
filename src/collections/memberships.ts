import { shared } from "../strings/shared.ts";

/** What became of one member: the groups that it left, those that it joined, and all that it is in now. */
export interface Move {
  readonly left: readonly string[];
  readonly joined: readonly string[];
  readonly now: readonly string[];
}

const none: readonly string[] = [];

/** Which groups each member is in. */
export class Memberships {
  /** One alone, the usual case, needs no list. */
  readonly #groups = new Map<string, string | readonly string[]>();

  get size(): number {
    return this.#groups.size;
  }

  /** Sets the groups of a member; a group named twice counts once. */
  move(member: string, groups: Iterable<string>): Move {
    const before = listOf(this.#groups.get(member));
    const now = unique(groups);
    const left = without(before, now);
    const joined = without(now, before);
    if (now.length === 0) this.#groups.delete(member);
    else if (left.length > 0 || joined.length > 0) this.#groups.set(member, kept(now));
    return { left, joined, now };
  }
}

function listOf(groups: string | readonly string[] | undefined): readonly string[] {
  if (groups === undefined) return none;
  return typeof groups === "string" ? [groups] : groups;
}

function kept(groups: readonly string[]): string | readonly string[] {
  const [only] = groups;
  return only !== undefined && groups.length === 1 ? shared(only) : groups.map(shared);
}

function unique(groups: Iterable<string>): readonly string[] {
  const list = [...groups];
  return list.length < 2 ? list : [...new Set(list)];
}

function without(groups: readonly string[], others: readonly string[]): readonly string[] {
  if (groups.length === 0 || others.length === 0) return groups;
  if (groups.length === 1 && groups[0] === others[0]) return none;
  const excluded = new Set(others);
  return groups.filter((group) => !excluded.has(group));
}
