import { MISSED } from "../envoy/fix.ts";
import type { EnvoyResource } from "../envoy/resource.ts";
import type { Draft } from "./batch.ts";
import type { Flight } from "./flight.ts";
import { type Held, isKnown } from "./held.ts";
import { Holdings } from "./holdings.ts";
import type { ProxyResources } from "./resource-index.ts";
import { Retirement } from "./retirement.ts";
import { SparseSet } from "./sparse.ts";
import { Subscription } from "./subscription.ts";
import {
  CLUSTER,
  CLUSTER_LOAD_ASSIGNMENT,
  deliveryOrder,
  LISTENER,
  SCOPED_ROUTE_CONFIGURATION,
  SECRET,
} from "./type-url.ts";
import { Waiters } from "./waiters.ts";
import { Warming } from "./warming.ts";

/**
 * What to do about one resource of one Envoy now: send it, remove it, nothing, wait until another resource is there, or
 * ask again later.
 */
export type Decision = EnvoyResource | "remove" | "nothing" | "wait" | "later";

export interface OrderingOptions {
  /** How long a cluster that nobody names any more is kept. */
  readonly lingerMilliseconds: number;
  /** How long to wait for Envoy to acknowledge clusters before their endpoints alone decide. */
  readonly patienceMilliseconds: number;
  /** How long a listener waits for tables that it needs: one of them may wait for a cluster that takes long. */
  readonly tablesMilliseconds: number;
  /** When the event happened that the present change of resources comes from, by the clock; undefined: now. */
  readonly changedAt?: () => number | undefined;
}

/**
 * Make before break, for one stream.
 *
 * - A resource that names clusters or scopes is sent when they are there: clusters warm, scopes acknowledged. One
 *   that does not exist, or was refused, is not waited for; what names it has to get along without it.
 * - A listener that names scopes is sent when none is left of the tables that Envoy brought along and that are others now: those
 *   of another version of the controller may be of no use to it. A listener that goes waits as well: another may take its place.
 * - A cluster is removed when nothing that Envoy may have names it, and it has lingered. A scope is removed when no
 *   other scope's script names it, and no listener that may still use it is about to change.
 * - Endpoints and secrets are never removed: Envoy ignores that, and forgets them with the cluster or listener.
 */
export class Ordering {
  readonly #resources: ProxyResources;
  readonly #now: () => number;
  readonly #changedAt: () => number | undefined;
  readonly #draft: (typeUrl: string) => Draft;
  readonly #byType = new Map<string, Subscription>();
  #inOrder: readonly Subscription[] = [];
  readonly #holdings: Holdings;
  readonly #waiters = new Waiters<Subscription>();
  readonly #warming: Warming;
  readonly #retirements: ReadonlyMap<string, Retirement>;
  /** Whether we know all that Envoy has: it asks for all its types before it answers anything about clusters. */
  #complete = false;
  /** Scopes that Envoy brought along, in versions that we don't know, and that it should have in others. */
  readonly #earlier = new SparseSet<string>();
  readonly #tablesMilliseconds: number;
  /** Up to when {@link Ordering.wake} has done what was due. */
  #wokenAt = Number.NEGATIVE_INFINITY;

  constructor(
    resources: ProxyResources,
    options: OrderingOptions,
    now: () => number,
    draft: (typeUrl: string) => Draft,
  ) {
    this.#resources = resources;
    this.#now = now;
    this.#draft = draft;
    this.#tablesMilliseconds = options.tablesMilliseconds;
    this.#changedAt = options.changedAt ?? (() => undefined);
    this.#holdings = new Holdings(resources, (typeUrl, name) => this.#freed(typeUrl, name));
    this.#warming = new Warming(resources, options.patienceMilliseconds, (cluster) => this.#release(CLUSTER, cluster));
    this.#retirements = new Map([
      [CLUSTER, new Retirement(options.lingerMilliseconds)],
      [SCOPED_ROUTE_CONFIGURATION, new Retirement(0)],
    ]);
  }

  /** All subscriptions, in the order in which they are served. */
  get subscriptions(): readonly Subscription[] {
    return this.#inOrder;
  }

  /** Whether every cluster that was sent, and is wanted, is warm. */
  get isWarm(): boolean {
    for (const cluster of this.#warming.names()) if (this.#resources.get(CLUSTER, cluster) !== undefined) return false;
    return true;
  }

  find(typeUrl: string): Subscription | undefined {
    return this.#byType.get(typeUrl);
  }

  subscription(typeUrl: string): Subscription {
    const existing = this.#byType.get(typeUrl);
    if (existing !== undefined) return existing;
    const created = new Subscription(typeUrl, this.#resources, this.#holdings);
    this.#byType.set(typeUrl, created);
    this.#inOrder = [...this.#byType.values()].sort((a, b) => rank(a.typeUrl) - rank(b.typeUrl));
    return created;
  }

  /** @param together whether everything of the type goes in one response: then nothing waits for another of its type */
  decide(subscription: Subscription, name: string, together = false): Decision {
    const desired = subscription.desired(name);
    return desired === undefined
      ? this.#decideRemoval(subscription, name)
      : this.#decideUpdate(subscription, desired, together);
  }

  /** A first request came: what Envoy has from an earlier stream. */
  began(subscription: Subscription): void {
    if (subscription.typeUrl === CLUSTER) this.#adopt(subscription.held.entries());
    else if (subscription.typeUrl === CLUSTER_LOAD_ASSIGNMENT) {
      this.#warming.endpointsAdopted(subscription.held);
      // A cluster that came first on this stream waits for them, and Envoy does not ask for what it has.
      for (const name of this.#warming.awaited())
        if (subscription.held.has(name)) subscription.force(name, this.#now());
    } else if (subscription.typeUrl === SCOPED_ROUTE_CONFIGURATION) {
      for (const [name, held] of subscription.held.entries()) if (!isKnown(held)) this.#earlier.add(name);
    }
  }

  unsubscribed(subscription: Subscription, names: readonly string[]): void {
    if (subscription.typeUrl !== CLUSTER_LOAD_ASSIGNMENT) return;
    for (const name of names) if (!subscription.isInterested(name)) this.#warming.endpointsForgotten(name);
  }

  /** A resource that is shared is another now. Nothing that is known of Envoy is. */
  shift(typeUrl: string, name: string, before: EnvoyResource | undefined): void {
    this.#byType.get(typeUrl)?.shift(name, before);
    this.#warming.shift(typeUrl, name, before);
  }

  /** The desired state of a resource changed. */
  changed(typeUrl: string, name: string): void {
    this.#byType.get(typeUrl)?.mark(name, this.#changedAt() ?? this.#now());
    this.#release(typeUrl, name);
  }

  sent({ typeUrl }: Subscription, flight: Flight): void {
    const { batch, entries } = flight;
    const retirement = this.#retirements.get(typeUrl);
    if (retirement !== undefined && batch.resources < entries.size) {
      for (const [name, resource] of entries) if (resource === undefined) retirement.forget(name);
    }
    if (typeUrl !== CLUSTER) return;
    this.#warming.clustersSent(batch, flight.sequence, flight.sentAt);
    // Envoy, delta xDS: a cluster that warms wants its endpoints again, but Envoy asks only for names that it did not
    // subscribe to before. Without this, a changed cluster warms for 15 s.
    const assignments = this.#byType.get(CLUSTER_LOAD_ASSIGNMENT);
    if (assignments === undefined) return;
    for (const { endpoints } of batch.clusters.all)
      if (endpoints !== undefined && assignments.isInterested(endpoints))
        assignments.force(endpoints, flight.changedAt);
  }

  /** Envoy answered a response, either way. */
  answered(subscription: Subscription): void {
    if (subscription.typeUrl !== CLUSTER) return;
    this.#warming.clustersAnswered();
    if (this.#complete) return;
    this.#complete = true;
    for (const typeUrl of this.#retirements.keys()) this.#freed(typeUrl, undefined);
    // Those that waited for an Envoy to ask for scopes, which this one does not.
    const listeners = this.#byType.get(LISTENER);
    for (const name of listeners?.waiting.keys() ?? []) listeners?.mark(name, this.#now());
  }

  acknowledged({ typeUrl }: Subscription, { entries, sequence }: Flight): void {
    if (typeUrl === CLUSTER) this.#warming.clustersAcknowledged(sequence);
    else if (typeUrl === CLUSTER_LOAD_ASSIGNMENT) this.#warming.endpointsAcknowledged(entries, sequence);
    else {
      for (const name of entries.keys()) {
        if (typeUrl === SCOPED_ROUTE_CONFIGURATION) this.#earlier.delete(name);
        this.#release(typeUrl, name);
      }
    }
  }

  /** Envoy refused a response. What is good in it is sent again, and then warms anew. */
  refused({ typeUrl }: Subscription, { sequence }: Flight): void {
    if (typeUrl === CLUSTER) this.#warming.clustersRefused(sequence);
  }

  /** Envoy refused this one resource. */
  rejected(subscription: Subscription, name: string, flight: Flight): void {
    if (subscription.typeUrl === CLUSTER_LOAD_ASSIGNMENT)
      this.#warming.endpointsAcknowledged(new Set([name]), flight.sequence);
    this.#release(subscription.typeUrl, name);
  }

  /** Marks what has waited long enough. */
  wake(): void {
    const now = this.#now();
    this.#wokenAt = now;
    for (const [typeUrl, retirement] of this.#retirements) {
      for (const name of retirement.due(now)) this.#byType.get(typeUrl)?.mark(name, now);
    }
    this.#warming.expire(now);
    const listeners = this.#byType.get(LISTENER);
    for (const [name, since] of listeners?.waiting ?? []) if (this.#tablesDue(since) <= now) listeners?.mark(name, now);
  }

  /** When {@link wake} has something to do next, if ever. That may be over: what is due since it was last called, it has not done. */
  nextWake(): number | undefined {
    const done = this.#wokenAt;
    const times = [...this.#retirements.values()].map((retirement) => retirement.nextDue(done));
    const listeners = [...(this.#byType.get(LISTENER)?.waiting.values() ?? [])];
    const overdue = listeners.map((since) => this.#tablesDue(since)).filter((due) => due > done);
    return earliest([...times, this.#warming.nextExpiry(done), ...overdue]);
  }

  #decideUpdate(subscription: Subscription, desired: EnvoyResource, together: boolean): Decision {
    const { name, typeUrl } = desired;
    this.#retirements.get(typeUrl)?.forget(name);
    const forced = subscription.isForced(name);
    if (!forced && subscription.expects(name, desired.version)) {
      if (subscription.recognise(desired) && typeUrl === CLUSTER) this.#adopt([[name, desired]]);
      return "nothing";
    }
    if (subscription.rejected.get(name)?.version === desired.version) {
      if (!forced) return "nothing";
      const lastGood = subscription.held.get(name);
      return lastGood !== undefined && isKnown(lastGood) ? lastGood : "remove";
    }
    for (const cluster of desired.clusters ?? []) {
      if (this.#isReady(CLUSTER, cluster, this.#warming.isWarm(cluster))) continue;
      this.#waiters.add(CLUSTER, cluster, subscription, name);
      return "wait";
    }
    if (together && typeUrl === SCOPED_ROUTE_CONFIGURATION) return desired;
    return this.#waitsForScope(subscription, name, desired.scopes ?? []) ? "wait" : desired;
  }

  #decideRemoval(subscription: Subscription, name: string): Decision {
    const { typeUrl } = subscription;
    if (!subscription.isInterested(name)) return "nothing";
    const forced = subscription.isForced(name);
    if (subscription.expects(name, undefined)) return forced ? "remove" : "nothing";
    const rejection = subscription.rejected.get(name);
    if (rejection !== undefined && rejection.version === undefined) return "nothing";
    if (typeUrl === CLUSTER_LOAD_ASSIGNMENT || typeUrl === SECRET) return forced ? "remove" : "nothing";
    // A type that we don't send is what a controller of another version sent: what it serves with until it has our listeners
    // is not taken away from it. It lets go of it by itself.
    if (!deliveryOrder.includes(typeUrl)) return forced ? "remove" : "nothing";
    const named = this.#holdings.isNamed(typeUrl, name) || (!this.#complete && this.#byType.has(CLUSTER));
    if (this.#retirements.get(typeUrl)?.mayRemove(name, named, this.#now()) === false) return "nothing";
    if (typeUrl === SCOPED_ROUTE_CONFIGURATION && this.#listenersChange()) return "later";
    if (typeUrl === LISTENER && this.#waitsForScope(subscription, name, [MISSED])) return "wait";
    return "remove";
  }

  /** Whether a resource that names these scopes has to wait; if so, it is looked at again when that may be over. */
  #waitsForScope(subscription: Subscription, name: string, scopes: readonly string[]): boolean {
    if (scopes.length === 0) return false;
    const tables = this.#byType.get(SCOPED_ROUTE_CONFIGURATION);
    const missing = scopes.find(
      (scope) => !this.#isReady(SCOPED_ROUTE_CONFIGURATION, scope, tables?.stays(scope) === true),
    );
    const awaited = missing ?? (subscription.typeUrl === LISTENER ? this.#earlierScope() : undefined);
    if (awaited === undefined || (subscription.typeUrl === LISTENER && this.#isOverdue(subscription, name)))
      return false;
    this.#waiters.add(SCOPED_ROUTE_CONFIGURATION, awaited, subscription, name);
    return true;
  }

  /** A scope of an earlier controller that Envoy still has, and is to get in our version. */
  #earlierScope(): string | undefined {
    const tables = this.#byType.get(SCOPED_ROUTE_CONFIGURATION);
    for (const name of this.#earlier) {
      const held = tables?.held.get(name);
      if (!this.#isReady(SCOPED_ROUTE_CONFIGURATION, name, held === undefined || isKnown(held))) return name;
      this.#earlier.delete(name);
    }
    return undefined;
  }

  #isOverdue(listeners: Subscription, name: string): boolean {
    const since = listeners.since(name);
    return since !== undefined && this.#tablesDue(since) <= this.#now();
  }

  #isReady(typeUrl: string, name: string, there: boolean): boolean {
    if (there) return true;
    const subscription = this.#byType.get(typeUrl);
    // Envoy has not asked for this type. One that connects again may yet do so, after it asked for listeners. If it never does,
    // nobody would ever say that it is there.
    if (subscription === undefined) return typeUrl !== SCOPED_ROUTE_CONFIGURATION || this.#complete;
    const desired = subscription.desired(name);
    return desired === undefined || subscription.rejected.get(name)?.version === desired.version;
  }

  #listenersChange(): boolean {
    const listeners = this.#byType.get(LISTENER);
    if (listeners === undefined) return false;
    if (listeners.marks > 0 || listeners.flights.length > 0) return true;
    return [...listeners.waiting.keys()].some((name) => {
      const desired = listeners.desired(name);
      const usesScopes = desired === undefined || (desired.scopes ?? []).length > 0;
      return usesScopes && !this.#isOverdue(listeners, name);
    });
  }

  /** Envoy has these clusters from an earlier stream. */
  #adopt(clusters: Iterable<readonly [string, Held]>): void {
    const draft = this.#draft(CLUSTER);
    for (const [name, held] of clusters) if (isKnown(held)) draft.add(name, held);
    if (draft.size > 0) this.#warming.clustersAdopted(draft.batch(), this.#now());
  }

  /** Until when a listener waits for tables. */
  #tablesDue(since: number): number {
    return since + this.#tablesMilliseconds;
  }

  #freed(typeUrl: string, name: string | undefined): void {
    const retirement = this.#retirements.get(typeUrl);
    const names = name === undefined ? retirement?.named() : retirement?.isNamed(name) === true ? [name] : [];
    for (const freed of names ?? []) this.#byType.get(typeUrl)?.mark(freed, this.#now());
  }

  #release(typeUrl: string, name: string): void {
    const now = this.#now();
    for (const [subscription, waiters] of this.#waiters.take(typeUrl, name)) {
      for (const waiter of waiters) if (subscription.waiting.has(waiter)) subscription.mark(waiter, now);
    }
  }
}

function rank(typeUrl: string): number {
  const index = deliveryOrder.indexOf(typeUrl);
  return index === -1 ? deliveryOrder.length : index;
}

/** The earliest of some times, of which each may be never. */
export function earliest(times: readonly (number | undefined)[]): number | undefined {
  let result: number | undefined;
  for (const time of times) if (time !== undefined && (result === undefined || time < result)) result = time;
  return result;
}
