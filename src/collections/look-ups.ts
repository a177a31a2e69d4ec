import { shared } from "../strings/shared.ts";
import type { Collection, Reader } from "./collection.ts";
import { type Engine, nodeOf, type Source } from "./node.ts";

/** One key of one collection, and which keys of the derivation looked it up. */
interface Watch {
  readonly key: string;
  readonly watches: Map<string, Watch>;
  /** A lone watcher, the usual case, needs no set. */
  watchers: string | Set<string> | undefined;
  /** The last run that looked it up. */
  run: number;
}

/**
 * The look-ups of one derivation: which of its keys fetched what, in the last run of each.
 * What a key no longer fetches is dropped as soon as it has run again.
 */
export class LookUps {
  readonly #owner: { readonly name: string; readonly order: number };
  readonly #engine: Engine;
  readonly #mark: (key: string) => void;
  readonly #watches = new Map<Source, Map<string, Watch>>();
  readonly #remembered = new Map<string, readonly Watch[]>();
  readonly #stops: (() => void)[] = [];
  #current: Watch[] | undefined;
  #run = 0;

  /** Calls `mark` with each key of the derivation for which a look-up has a new answer. */
  constructor(owner: { readonly name: string; readonly order: number }, engine: Engine, mark: (key: string) => void) {
    this.#owner = owner;
    this.#engine = engine;
    this.#mark = mark;
  }

  readonly reader: Reader = {
    fetch: (collection, key) => this.#fetch(collection, key),
  };

  /** Runs `compute`, and remembers for `key` what it looked up, even if it throws. */
  track<Result>(key: string, compute: (reader: Reader) => Result): Result {
    const fetched: Watch[] = [];
    this.#current = fetched;
    this.#run += 1;
    try {
      return compute(this.reader);
    } finally {
      this.#current = undefined;
      this.#remember(key, fetched);
    }
  }

  forget(key: string): void {
    this.#run += 1;
    this.#remember(key, []);
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
    for (const watches of this.#remembered.values()) count += watches.length;
    return count;
  }

  #fetch<Value>(collection: Collection<Value>, key: string): Value | undefined {
    const fetched = this.#current;
    if (fetched === undefined) throw new Error(`"${this.#owner.name}" fetched after its function had returned`);
    const node = nodeOf(collection, this.#engine);
    if (node.order >= this.#owner.order)
      throw new Error(
        `"${this.#owner.name}" may not fetch from "${node.name}", which was created later: create "${node.name}" first`,
      );
    const watches = this.#watches.get(node) ?? this.#watch(node);
    let watch = watches.get(key);
    if (watch === undefined) {
      watch = { key: shared(key), watches, watchers: undefined, run: 0 };
      watches.set(key, watch);
    }
    if (watch.run !== this.#run) {
      watch.run = this.#run;
      fetched.push(watch);
    }
    return node.peek(key);
  }

  #watch(node: Source): Map<string, Watch> {
    const watches = new Map<string, Watch>();
    this.#watches.set(node, watches);
    const stop = node.addDependent((key) => {
      const watchers = watches.get(key)?.watchers;
      if (typeof watchers === "string") this.#mark(watchers);
      else if (watchers !== undefined) for (const watcher of watchers) this.#mark(watcher);
    });
    this.#stops.push(stop);
    return watches;
  }

  #remember(key: string, fetched: readonly Watch[]): void {
    for (const watch of fetched) addWatcher(watch, key);
    // A watch with an older run was fetched by the run before, not by this one.
    for (const watch of this.#remembered.get(key) ?? []) if (watch.run !== this.#run) removeWatcher(watch, key);
    if (fetched.length === 0) this.#remembered.delete(key);
    // A list that grew has room for more than it holds, and there are as many as there are keys.
    else this.#remembered.set(key, fetched.slice());
  }
}

function addWatcher(watch: Watch, watcher: string): void {
  if (watch.watchers === undefined) watch.watchers = watcher;
  else if (watch.watchers instanceof Set) watch.watchers.add(watcher);
  else if (watch.watchers !== watcher) watch.watchers = new Set([watch.watchers, watcher]);
}

function removeWatcher(watch: Watch, watcher: string): void {
  if (watch.watchers instanceof Set) {
    watch.watchers.delete(watcher);
    if (watch.watchers.size > 0) return;
  } else if (watch.watchers !== watcher) return;
  watch.watchers = undefined;
  watch.watches.delete(watch.key);
}
