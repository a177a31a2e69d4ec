import { SparseMap } from "./sparse.ts";

/** A map that many share, and that changes under them. */
export interface SharedMap<Resource> {
  readonly size: number;
  get(name: string): Resource | undefined;
  entries(): Iterable<readonly [string, Resource]>;
  /** By name, which of the entries it is, from 0. Until one comes or goes. */
  places(): ReadonlyMap<string, number>;
}

/**
 * A map of one stream that mostly says what a shared one says: it takes as much memory as there are differences, not names.
 *
 * It stands on the shared map (`isShared`), and keeps what differs, or on nothing, and keeps all; whichever is less. Nothing in it
 * changes because the shared map does, as long as {@link Overlay.shift} is told of each change.
 *
 * @example
 * const held = new Overlay(shared, (resource) => resource);
 * for (const [name, resource] of shared.entries()) held.set(name, resource);
 * held.isShared  // true: nothing is kept
 */
export class Overlay<Resource, Value> {
  readonly #shared: SharedMap<Resource>;
  readonly #project: (resource: Resource) => Value;
  readonly #rebased: (isShared: boolean) => void;
  /** Where it differs from what it stands on; undefined: the name is not in it. */
  readonly #differences = new SparseMap<string, Value | undefined>();
  #isShared = false;
  #size = 0;
  /** How many names are in it as the shared map has them. */
  #same = 0;

  /**
   * @param project what of a shared resource stands in this map; compared by identity
   * @param rebased told when it stands on the shared map, or no longer does, though it says the same; before that, of nothing
   */
  constructor(
    shared: SharedMap<Resource>,
    project: (resource: Resource) => Value,
    rebased: (isShared: boolean) => void = ignore,
  ) {
    this.#shared = shared;
    this.#project = project;
    this.#rebased = rebased;
  }

  get size(): number {
    return this.#size;
  }

  /** How many names it keeps by itself: what it costs. */
  get differences(): number {
    return this.#differences.size;
  }

  get isShared(): boolean {
    return this.#isShared;
  }

  get(name: string): Value | undefined {
    const own = this.#differences.get(name);
    if (own !== undefined || !this.#isShared || this.#differences.has(name)) return own;
    return this.#sharedValue(name);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  set(name: string, value: Value): void {
    this.#put(name, value);
  }

  /**
   * The same as to set each where nothing is in it; of a name that comes twice, the last value counts. Quicker, and it stands on what takes
   * less from then on: `rebased` is not told.
   */
  setAll(values: Iterable<readonly [string, Value]>): void {
    this.#differences.clear();
    // A byte for each name of the shared map: a set of names would be most of what an Envoy's start takes.
    const same = new Uint8Array(this.#shared.size);
    this.#same = 0;
    const inOrder = this.#shared.entries()[Symbol.iterator]();
    let expected = inOrder.next();
    let expectedPlace = 0;
    for (const [name, value] of values) {
      let place: number | undefined = expectedPlace;
      let shared: Resource | undefined;
      // Mostly they come as the shared map has them: then nothing is looked up.
      if (expected.done !== true && expected.value[0] === name) {
        shared = expected.value[1];
        expected = inOrder.next();
        expectedPlace += 1;
      } else {
        place = this.#shared.places().get(name);
        shared = place === undefined ? undefined : this.#shared.get(name);
      }
      const isSame = shared !== undefined && value === this.#project(shared);
      if (place !== undefined && same[place] !== Number(isSame)) {
        same[place] = Number(isSame);
        this.#same += isSame ? 1 : -1;
      }
      if (isSame) this.#differences.delete(name);
      else this.#differences.set(name, value);
    }
    this.#size = this.#same + this.#differences.size;
    this.#isShared = this.#shared.size < 2 * this.#same;
    if (this.#isShared && this.#same === this.#shared.size) return;
    let place = 0;
    for (const [name, resource] of this.#shared.entries()) {
      const isSame = same[place] === 1;
      if (isSame && !this.#isShared) this.#differences.set(name, this.#project(resource));
      else if (!isSame && this.#isShared && !this.#differences.has(name)) this.#differences.set(name, undefined);
      place += 1;
    }
  }

  delete(name: string): void {
    this.#put(name, undefined);
  }

  *entries(): Iterable<readonly [string, Value]> {
    if (this.#isShared) {
      for (const [name, resource] of this.#shared.entries())
        if (!this.#differences.has(name)) yield [name, this.#project(resource)];
    }
    for (const [name, value] of this.#differences) if (value !== undefined) yield [name, value];
  }

  *keys(): Iterable<string> {
    for (const [name] of this.entries()) yield name;
  }

  /** Where it differs from what it stands on; undefined: the name is not in it. */
  differing(): Iterable<readonly [string, Value | undefined]> {
    return this.#differences;
  }

  /** The shared map is another now under this name, where it had `before`. */
  shift(name: string, before: Resource | undefined): void {
    const was = before === undefined ? undefined : this.#project(before);
    const is = this.#sharedValue(name);
    const value = this.#isShared && !this.#differences.has(name) ? was : this.#differences.get(name);
    this.#count(value, was, -1);
    this.#count(value, is, 1);
    this.#store(name, value, is);
    this.#rebase();
  }

  #put(name: string, value: Value | undefined): void {
    const before = this.get(name);
    if (before === value) return;
    const shared = this.#sharedValue(name);
    this.#size += (value === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
    this.#count(before, shared, -1);
    this.#count(value, shared, 1);
    this.#store(name, value, shared);
    this.#rebase();
  }

  #count(value: Value | undefined, shared: Value | undefined, by: 1 | -1): void {
    if (value !== undefined && value === shared) this.#same += by;
  }

  #store(name: string, value: Value | undefined, shared: Value | undefined): void {
    if (value === (this.#isShared ? shared : undefined)) this.#differences.delete(name);
    else this.#differences.set(name, value);
  }

  #sharedValue(name: string): Value | undefined {
    const resource = this.#shared.get(name);
    return resource === undefined ? undefined : this.#project(resource);
  }

  /** Twice as much, so that it does not go back and forth. */
  #rebase(): void {
    const onNothing = this.#size;
    const onShared = this.#size + this.#shared.size - 2 * this.#same;
    if (this.#isShared ? onShared <= 2 * onNothing : onNothing <= 2 * onShared) return;
    const values = this.#isShared
      ? [...this.entries()]
      : [...this.#differences].filter(([name, value]) => value !== this.#sharedValue(name));
    const lacking = this.#isShared ? [] : [...this.#shared.entries()].filter(([name]) => !this.#differences.has(name));
    this.#differences.clear();
    for (const [name, value] of values) this.#differences.set(name, value);
    for (const [name] of lacking) this.#differences.set(name, undefined);
    this.#isShared = !this.#isShared;
    this.#rebased(this.#isShared);
  }
}

function ignore(): void {}
