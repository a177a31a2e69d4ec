import type { Member } from "./collection.ts";

/** A member that comes, changes, or (without a value) goes. */
export interface MemberChange<Value> {
  readonly key: string;
  readonly value: Value | undefined;
}

/** Orders by key, by UTF-16 code unit: the one order of everything that a collection delivers. */
export function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  if (a.key === b.key) return 0;
  return a.key < b.key ? -1 : 1;
}

/** The first position, from `start` on, whose key is not below `key`. */
export function position(members: readonly { readonly key: string }[], key: string, start = 0): number {
  let low = start;
  let high = members.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const member = members[middle];
    if (member !== undefined && member.key < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The member with this key, of a sorted list. */
export function find<Value>(members: readonly Member<Value>[], key: string): Member<Value> | undefined {
  const member = members[position(members, key)];
  return member?.key === key ? member : undefined;
}

/**
 * A sorted list with changes applied, no key of which occurs twice. Sorts the changes only, and copies the list once.
 *
 * @example merge([{ key: "b", value: 1 }], [{ key: "b", value: undefined }, { key: "a", value: 2 }])  // [{ key: "a", value: 2 }]
 */
export function merge<Value>(
  members: readonly Member<Value>[],
  changes: readonly MemberChange<Value>[],
): readonly Member<Value>[] {
  const [change] = changes;
  if (change !== undefined && changes.length === 1) return mergeOne(members, change);
  const merged: Member<Value>[] = [];
  let taken = 0;
  for (const { key, value } of changes.toSorted(byKey)) {
    const at = position(members, key, taken);
    append(merged, members, taken, at);
    if (value !== undefined) merged.push({ key, value });
    taken = members[at]?.key === key ? at + 1 : at;
  }
  append(merged, members, taken, members.length);
  return merged;
}

function append<Value>(to: Value[], from: readonly Value[], start: number, end: number): void {
  for (let index = start; index < end; index += 1) {
    const value = from[index];
    if (value !== undefined) to.push(value);
  }
}

/** The usual case, without a visit to every member: the engine copies the list as a block of memory. */
function mergeOne<Value>(
  members: readonly Member<Value>[],
  { key, value }: MemberChange<Value>,
): readonly Member<Value>[] {
  const at = position(members, key);
  const known = members[at]?.key === key ? 1 : 0;
  return value === undefined ? members.toSpliced(at, known) : members.toSpliced(at, known, { key, value });
}
