import type { Collection, Input, Member, Options, Renaming } from "./collection.ts";
import { CountNode } from "./count.ts";
import { type Compute, DeriveNode } from "./derive.ts";
import { type ComputeMany, DeriveManyNode } from "./derive-many.ts";
import type { DerivedNode } from "./derived.ts";
import { deepEqual } from "./equal.ts";
import type { CollectionError } from "./error.ts";
import { type By, GroupNode } from "./group.ts";
import { InputNode } from "./input.ts";
import { JoinNode } from "./join.ts";
import { type CollectionDump, type CollectionNode, nodeOf } from "./node.ts";
import { Transactions } from "./transactions.ts";

export interface GraphOptions {
  /**
   * Told of every function of the user's that threw, after the transaction is complete and its subscribers were called.
   * Without it, the transaction completes just the same and then throws the error (several: an `AggregateError`).
   */
  readonly onError?: (error: CollectionError) => void;
}

/**
 * Collections that are derived from one another, and kept up to date at the cost of what a change touches.
 *
 * A function that throws for one key takes away that key's output only, and is run again when its object, or anything
 * that it fetched before it threw, changes. Downstream that looks like absence, so absence has to be the safe case: a policy
 * that could not be computed must not read as "no policy".
 *
 * @example
 * const graph = new Graph({ onError: (error) => log.error(error) });
 * const services = graph.input<Service>("services");
 * const routes = graph.input<Route>("routes");
 * const resolved = graph.derive("resolved", routes, (route, key, { fetch }) => fetch(services, route.service)?.address);
 * resolved.subscribe((changes) => push(changes));
 */
export class Graph {
  readonly #transactions: Transactions;
  readonly #nodes = new Map<string, { readonly runs: number; dump(): CollectionDump }>();
  #created = 0;

  constructor(options: GraphOptions = {}) {
    this.#transactions = new Transactions(options.onError);
  }

  input<V>(name: string, options: Options<V> = {}): Input<V> {
    const order = this.#reserve(name);
    const node = new InputNode<V>(this.#transactions, name, order, options.equals ?? deepEqual);
    this.#nodes.set(name, node);
    return node;
  }

  /** One to at most one, under the same key, or under the one that it is renamed to. `compute` is told the key that it had. */
  derive<I, O>(
    name: string,
    from: Collection<I>,
    compute: Compute<I, O>,
    options: Options<O> & { readonly renamed?: Renaming } = {},
  ): Collection<O> {
    const order = this.#reserve(name);
    const { equals = deepEqual, renamed } = options;
    return this.#add(new DeriveNode(this.#transactions, name, order, this.#node(from), compute, equals, renamed));
  }

  /**
   * One to many, under keys that `compute` chooses. Of a key that several parents produce, the lowest parent key's value
   * counts, and the next one's when that goes.
   */
  deriveMany<I, O>(
    name: string,
    from: Collection<I>,
    compute: ComputeMany<I, O>,
    options: Options<O> = {},
  ): Collection<O> {
    const order = this.#reserve(name);
    const equals = options.equals ?? deepEqual;
    return this.#add(new DeriveManyNode(this.#transactions, name, order, this.#node(from), compute, equals));
  }

  /** Group key → members, sorted by key. A value may be in many groups; a group vanishes with its last member. */
  group<I>(name: string, from: Collection<I>, by: By<I>): Collection<readonly Member<I>[]> {
    const order = this.#reserve(name);
    return this.#add(new GroupNode(this.#transactions, name, order, this.#node(from), by));
  }

  /** Group key → number of members, for groups so large that nobody wants the list. */
  count<I>(name: string, from: Collection<I>, by: By<I>): Collection<number> {
    const order = this.#reserve(name);
    return this.#add(new CountNode(this.#transactions, name, order, this.#node(from), by));
  }

  /** Union; of equal keys, the earlier collection's value counts. */
  join<V>(name: string, collections: readonly Collection<V>[], options: Options<V> = {}): Collection<V> {
    const order = this.#reserve(name);
    const nodes = collections.map((collection) => this.#node(collection));
    return this.#add(new JoinNode(this.#transactions, name, order, nodes, options.equals ?? deepEqual));
  }

  /**
   * All writes made inside travel as one. If `change` throws, none is applied; a nested call is part of the outer one, and
   * takes back only its own writes if it throws. Called by a subscriber, the writes travel after the running delivery.
   *
   * @throws CollectionError or AggregateError, after everything was applied and delivered, if a function of the
   *   user's threw and the graph has no `onError`.
   */
  transaction<R>(change: () => R): R {
    return this.#transactions.transaction(change);
  }

  /** Calls `observer` after every transaction that changed anything, after all subscribers. Returns a function that ends it. */
  onCommit(observer: () => void): () => void {
    return this.#transactions.onCommit(observer);
  }

  /** All collections in the order of their creation, for debugging and leak tests. Costs what the graph holds. */
  dump(): readonly CollectionDump[] {
    return [...this.#nodes.values()].map((node) => node.dump());
  }

  /** How often the function of each collection has run so far, by name; those left out have none, or it never ran. */
  runs(): ReadonlyMap<string, number> {
    return new Map([...this.#nodes].flatMap(([name, { runs }]) => (runs === 0 ? [] : [[name, runs] as const])));
  }

  #reserve(name: string): number {
    if (this.#nodes.has(name)) throw new Error(`there already is a collection "${name}"`);
    this.#transactions.refuseWhileSettling(`collection "${name}" was created`);
    this.#created += 1;
    return this.#created;
  }

  #node<V>(collection: Collection<V>): CollectionNode<V> {
    return nodeOf(collection, this.#transactions);
  }

  #add<V>(node: DerivedNode<V>): Collection<V> {
    this.#transactions.build(node);
    this.#nodes.set(node.name, node);
    return node;
  }
}
