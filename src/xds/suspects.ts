import { SparseSet } from "./sparse.ts";

/**
 * Groups of names of which at least one was refused: each group is sent again by itself, until the bad one is alone.
 *
 * xDS has no partial refusal: Envoy refuses a response, and its message names the cause but not always the resource.
 */
export class Suspects {
  readonly #groups: (readonly string[])[] = [];
  readonly #names = new SparseSet<string>();

  get size(): number {
    return this.#names.size;
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** Nobody sends them but as a group. */
  add(names: readonly string[]): void {
    this.#groups.push(names);
    for (const name of names) this.#names.add(name);
  }

  /** The next group, which is forgotten here. */
  take(): readonly string[] | undefined {
    const group = this.#groups.shift();
    for (const name of group ?? []) this.#names.delete(name);
    return group;
  }
}

/**
 * Cuts a refused group in two. What the message names is put to one side, if that is the smaller one: it usually is the
 * culprit, and a wrong guess costs one more round only.
 */
export function split(
  names: readonly string[],
  message: string,
): readonly [suspected: readonly string[], rest: readonly string[]] {
  const mentioned = names.filter((name) => name !== "" && message.includes(name));
  if (mentioned.length > 0 && mentioned.length * 2 <= names.length) {
    const named = new Set(mentioned);
    return [mentioned, names.filter((name) => !named.has(name))];
  }
  const half = Math.ceil(names.length / 2);
  return [names.slice(0, half), names.slice(half)];
}
