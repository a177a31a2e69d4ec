import { shared } from "../strings/shared.ts";
import type { Collection, Reader, Renaming } from "./collection.ts";
import { type Engine, nodeOf, type Source } from "./node.ts";
import { asBefore } from "./renaming.ts";

/** The keys of a derivation that looked something up. A lone one, the usual case, needs no set. */
type Watchers = string | Set<string>;

/** In the place of a key: the very one under which it is derived, which most derivations look up in others. */
const own = undefined;

/**
 * What one key looked up: the place of a key is that of its collection. Keys that looked up the same things, and those that looked
 * up nothing but themselves in the same collections, share one.
 */
interface Remembered {
  /** The same list for all keys that look into the same collections. */
  readonly sources: readonly Source[];
  readonly keys: readonly (string | typeof own)[];
}

const nothing: Remembered = { sources: [], keys: [] };

/**
 * The look-ups of one derivation: which of its keys fetched what, in the last run of each.
 * What a key no longer fetches is dropped as soon as it has run again.
 */
export class LookUps {
  readonly #owner: { readonly name: string; readonly order: number };
  readonly #engine: Engine;
  readonly #mark: (key: string) => void;
  readonly #renamed: Renaming;
  /** Who has to run again when a key of a collection changes, but for that key itself: what it looked up tells that. */
  readonly #watches = new Map<Source, Map<string, Watchers>>();
  readonly #remembered = new Map<string, Remembered>();
  readonly #stops: (() => void)[] = [];
  #current: Run | undefined;
  #last = nothing;

  /** Calls `mark` with each key of the derivation for which a look-up has a new answer. */
  constructor(
    owner: { readonly name: string; readonly order: number },
    engine: Engine,
    mark: (key: string) => void,
    renamed = asBefore,
  ) {
    this.#owner = owner;
    this.#engine = engine;
    this.#mark = mark;
    this.#renamed = renamed;
  }

  readonly reader: Reader = {
    fetch: (collection, key) => this.#fetch(collection, key),
  };

  /** Runs `compute`, and remembers for `key` what it looked up, even if it throws. */
  track<Result>(key: string, compute: (reader: Reader) => Result): Result {
    const run = new Run();
    this.#current = run;
    try {
      return compute(this.reader);
    } finally {
      this.#current = undefined;
      this.#remember(key, run);
    }
  }

  forget(key: string): void {
    this.#remember(key, new Run());
  }

  /** Ends all of it, for a derivation that is given up. */
  stop(): void {
    for (const stop of this.#stops) stop();
  }

  /** Keys that have looked something up, and keys that were looked up. */
  countKeys(): number {
    return [...this.#watches.values()].reduce((sum, watches) => sum + watches.size, this.#remembered.size);
  }

  countLookUps(): number {
    let count = 0;
    for (const { keys } of this.#remembered.values()) count += keys.length;
    return count;
  }

  #fetch<Value>(collection: Collection<Value>, key: string): Value | undefined {
    const run = this.#current;
    if (run === undefined) throw new Error(`"${this.#owner.name}" fetched after its function had returned`);
    const node = nodeOf(collection, this.#engine);
    if (node.order >= this.#owner.order)
      throw new Error(
        `"${this.#owner.name}" may not fetch from "${node.name}", which was created later: create "${node.name}" first`,
      );
    run.add(node, key);
    return node.peek(key);
  }

  #remember(key: string, run: Run): void {
    const before = this.#remembered.get(key) ?? nothing;
    const itself = this.#renamed.from === undefined ? undefined : this.#renamed.of(key);
    const keys = run.keys.map((looked) => (looked === itself ? own : looked));
    if (isSame(before.keys, keys) && isSame(before.sources, run.sources)) return;
    const after = this.#shared(run.sources, keys);
    for (const [index, source] of after.sources.entries()) {
      const watches = this.#watches.get(source) ?? this.#watch(source);
      const looked = after.keys[index];
      if (looked !== own) addWatcher(watches, looked, key);
    }
    for (const [index, source] of before.sources.entries()) {
      const looked = before.keys[index];
      if (looked !== own && !run.has(source, looked)) this.#removeWatcher(source, looked, key);
    }
    if (keys.length === 0) this.#remembered.delete(key);
    else this.#remembered.set(key, after);
  }

  /** Most keys look into the same collections as the last one, in the same order, and many for the same keys. */
  #shared(sources: readonly Source[], keys: Remembered["keys"]): Remembered {
    const { sources: lastSources, keys: lastKeys } = this.#last;
    const isAsLast = isSame(lastSources, sources);
    if (isAsLast && isSame(lastKeys, keys)) return this.#last;
    // A list that grew has room for more than it holds.
    const kept = keys.map((key) => (key === own ? own : shared(key)));
    this.#last = { sources: isAsLast ? lastSources : sources.slice(), keys: kept };
    return this.#last;
  }

  #lookedUpItself(key: string, source: Source): boolean {
    const { sources, keys } = this.#remembered.get(key) ?? nothing;
    return sources.some((each, index) => each === source && keys[index] === own);
  }

  #watch(source: Source): Map<string, Watchers> {
    const watches = new Map<string, Watchers>();
    this.#watches.set(source, watches);
    const stop = source.addDependent((key) => {
      const same = this.#renamed.from?.(key);
      if (same !== undefined && this.#lookedUpItself(same, source)) this.#mark(same);
      const watchers = watches.get(key);
      if (typeof watchers === "string") this.#mark(watchers);
      else if (watchers !== undefined) for (const watcher of watchers) this.#mark(watcher);
    });
    this.#stops.push(stop);
    return watches;
  }

  #removeWatcher(source: Source, key: string, watcher: string): void {
    const watches = this.#watches.get(source);
    const watchers = watches?.get(key);
    if (watchers instanceof Set) {
      watchers.delete(watcher);
      if (watchers.size === 0) watches?.delete(key);
    } else if (watchers === watcher) watches?.delete(key);
  }
}

function addWatcher(watches: Map<string, Watchers>, key: string, watcher: string): void {
  const watchers = watches.get(key);
  if (watchers === undefined) watches.set(key, watcher);
  else if (watchers instanceof Set) watchers.add(watcher);
  else if (watchers !== watcher) watches.set(key, new Set([watchers, watcher]));
}

/** Up to so many look-ups, looking through them is as quick as a set. */
const few = 16;

/** What one run has looked up so far, each once, in order. */
class Run {
  readonly sources: Source[] = [];
  readonly keys: string[] = [];
  #known: Map<Source, Set<string>> | undefined;

  add(source: Source, key: string): void {
    if (this.has(source, key)) return;
    this.sources.push(source);
    this.keys.push(key);
    if (this.keys.length > few) this.#know(source, key);
  }

  has(source: Source, key: string): boolean {
    if (this.#known !== undefined) return this.#known.get(source)?.has(key) === true;
    return this.keys.some((known, index) => known === key && this.sources[index] === source);
  }

  #know(source: Source, key: string): void {
    if (this.#known === undefined) {
      this.#known = new Map();
      for (const [index, each] of this.sources.entries()) this.#know(each, this.keys[index] ?? "");
      return;
    }
    const keys = this.#known.get(source);
    if (keys === undefined) this.#known.set(source, new Set([key]));
    else keys.add(key);
  }
}

function isSame<Element>(left: readonly Element[], right: readonly Element[]): boolean {
  return left.length === right.length && left.every((element, index) => element === right[index]);
}
