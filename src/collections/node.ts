import { shared } from "../strings/shared.ts";
import type { Change, Collection, Equals } from "./collection.ts";
import { CollectionError } from "./error.ts";
import { byKey } from "./members.ts";

/** What a collection needs of its graph. */
export interface Engine {
  /** Whether derivations are running, so that nothing may be read but through a `Reader`. */
  readonly settling: boolean;
  schedule(node: Scheduled): void;
  fail(error: CollectionError): void;
}

/** What the graph needs of a collection. */
export interface Scheduled {
  readonly order: number;
  /** Brings it up to date and tells all that depend on it; whether anything changed. */
  settle(): boolean;
  /** Hands the changes of this transaction to the subscribers. */
  deliver(): void;
}

/** What a derived collection needs of one that it depends on, whatever its values are. */
export interface Source {
  readonly name: string;
  readonly order: number;
  keys(): IterableIterator<string>;
  /** Calls `mark` with each key that changes from now on. Returns a function that ends it. */
  addDependent(mark: (key: string) => void): () => void;
}

/** State of one collection, for debugging and leak tests. */
export interface CollectionDump {
  readonly name: string;
  readonly size: number;
  /** The collections that it is made from, fetched ones not included. */
  readonly parents: readonly string[];
  /** Entries that it keeps besides its values: about keys of its parents, its own, and those that it fetched. */
  readonly tracked: number;
  /** Look-ups that it remembers: (own key, collection, key) triples. */
  readonly dependencies: number;
  readonly subscribers: number;
  /** How often its function has run so far. */
  readonly runs: number;
}

type Observer<Value> = (changes: readonly Change<Value>[]) => void;

/** What every collection of a graph has in common: values, changes of the running transaction, and who hears of them. */
export abstract class CollectionNode<Value> implements Collection<Value>, Scheduled, Source {
  readonly name: string;
  readonly order: number;
  protected readonly engine: Engine;
  readonly #equals: Equals<Value>;
  readonly #values = new Map<string, Value>();
  readonly #dependents = new Set<(key: string) => void>();
  readonly #observers = new Set<{ readonly observe: Observer<Value> }>();
  #changes: Change<Value>[] = [];

  constructor(engine: Engine, name: string, order: number, equals: Equals<Value>) {
    this.engine = engine;
    this.name = name;
    this.order = order;
    this.#equals = equals;
  }

  get size(): number {
    this.#refuseWhileSettling();
    return this.count();
  }

  get(key: string): Value | undefined {
    this.#refuseWhileSettling();
    return this.peek(key);
  }

  entries(): IterableIterator<[string, Value]> {
    this.#refuseWhileSettling();
    return this.all();
  }

  subscribe(observe: Observer<Value>): () => void {
    const observer = { observe };
    this.#observers.add(observer);
    return () => void this.#observers.delete(observer);
  }

  belongsTo(engine: Engine): boolean {
    return this.engine === engine;
  }

  /** The value, for derivations whose look-up is remembered elsewhere. */
  peek(key: string): Value | undefined {
    return this.#values.get(key);
  }

  keys(): IterableIterator<string> {
    return this.#values.keys();
  }

  protected all(): IterableIterator<[string, Value]> {
    return this.#values.entries();
  }

  protected count(): number {
    return this.#values.size;
  }

  /** The keys that the running transaction has changed, with the values that they had before. */
  valuesBefore(): ReadonlyMap<string, Value | undefined> {
    return new Map(this.#changes.map(({ key, before }) => [key, before]));
  }

  addDependent(mark: (key: string) => void): () => void {
    this.#dependents.add(mark);
    return () => void this.#dependents.delete(mark);
  }

  settle(): boolean {
    this.update();
    for (const mark of this.#dependents) for (const { key } of this.#changes) mark(key);
    return this.#changes.length > 0;
  }

  deliver(): void {
    const changes = this.#changes;
    this.#changes = [];
    // A subscriber that comes during delivery already sees this state, so only those of now are called.
    const observers = [...this.#observers];
    if (observers.length === 0) return;
    changes.sort(byKey);
    for (const observer of observers) {
      if (!this.#observers.has(observer)) continue;
      try {
        observer.observe(changes);
      } catch (cause) {
        this.engine.fail(new CollectionError(this.name, undefined, cause));
      }
    }
  }

  /** For a collection just created: nobody can have seen it without the state that it starts with. */
  forgetChanges(): void {
    this.#changes = [];
  }

  /** Forgets everything it registered elsewhere. */
  release(): void {}

  /** How often its function has run so far; 0 where it has none. */
  get runs(): number {
    return 0;
  }

  dump(): CollectionDump {
    const { name, runs } = this;
    const size = this.count();
    return { name, size, parents: [], tracked: 0, dependencies: 0, subscribers: this.#observers.size, runs };
  }

  /** Brings all values up to date, with `write`. */
  protected abstract update(): void;

  protected write(key: string, after: Value | undefined): void {
    const before = this.#values.get(key);
    if (before === undefined ? after === undefined : after !== undefined && this.same(key, before, after)) return;
    if (after === undefined) this.#values.delete(key);
    // One that is there keeps its key.
    else this.#values.set(before === undefined ? shared(key) : key, after);
    this.changed(key, before, after);
  }

  /** Has all that depend on it hear of a change. */
  protected changed(key: string, before: Value | undefined, after: Value | undefined): void {
    this.#changes.push({ key, before, after });
  }

  /** An equality that throws is reported and counts as a change: one too many is harmless, one too few is not. */
  protected same(key: string, before: Value, after: Value): boolean {
    if (before === after) return true;
    try {
      return this.#equals(before, after);
    } catch (cause) {
      this.engine.fail(new CollectionError(this.name, key, cause));
      return false;
    }
  }

  #refuseWhileSettling(): void {
    if (this.engine.settling)
      throw new Error(
        `"${this.name}" was read while a derivation runs, which nothing would remember: fetch it instead`,
      );
  }
}

/** The node behind a collection, which must be of the same graph. */
export function nodeOf<Value>(collection: Collection<Value>, engine: Engine): CollectionNode<Value> {
  if (collection instanceof CollectionNode && collection.belongsTo(engine)) return collection;
  throw new Error(`collection "${collection.name}" is of another graph`);
}
