import type { EnvoyResource } from "../envoy/resource.ts";
import type { Batch, Draft, Entries } from "./batch.ts";
import type { Clock } from "./clock.ts";
import { approximateSize } from "./encode.ts";
import type { Flight } from "./flight.ts";
import { earliest, Ordering, type OrderingOptions } from "./ordering.ts";
import type { DeltaRequest, DeltaResponse } from "./protocol.ts";
import type { ProxyResources, ResourceChange } from "./resource-index.ts";
import { SparseMap } from "./sparse.ts";
import type { Subscription } from "./subscription.ts";
import { CLUSTER, LISTENER, SCOPED_ROUTE_CONFIGURATION } from "./type-url.ts";

export interface SessionOptions extends OrderingOptions {
  /** Where a response is cut; the first answer to a wildcard subscription never is. */
  readonly responseBytes: number;
  /** How long that first answer waits for resources that wait for others, rather than being sent without them. */
  readonly firstAnswerMilliseconds: number;
  /** After which time a listener that was refused is sent again: its port may have been taken by somebody who is gone. */
  readonly retryMilliseconds: number;
}

/** What a session tells and asks its surroundings. */
export interface SessionHooks {
  /** For what is sent, shared with other streams that are sent the same. */
  draft(typeUrl: string): Draft;
  /** Passes a response on to Envoy. False if that should be the last one until {@link Session.drained} is called. */
  send(response: DeltaResponse): boolean;
  /** Whether another Envoy of this proxy refused this version: it then goes alone. */
  isDoubtful(resource: EnvoyResource): boolean;
  acknowledged(typeUrl: string, flight: Flight): void;
  refused(typeUrl: string, flight: Flight, message: string): void;
  rejected(typeUrl: string, name: string, version: string | undefined, message: string): void;
  /** A version that was rejected is no longer wanted, and Envoy has what is. */
  accepted(typeUrl: string, name: string): void;
  /** Everything is acknowledged, or no longer is. */
  settled(settled: boolean, milliseconds: number): void;
}

/** Clusters that warm keep back the acknowledgement of their response, and must not keep back all other changes for long. */
const flightsWhileWarming = 8;

/** Types without which an Envoy that is not told anything of them is not complete. */
const complete = [CLUSTER, SCOPED_ROUTE_CONFIGURATION, LISTENER];

/**
 * One stream of one Envoy: takes its requests and the changes of what it should have, and sends responses.
 *
 * At most one response of a type is in flight; what changes meanwhile is in the next one, in its latest state. So a slow Envoy
 * costs no memory, and nothing is held back to wait for more.
 */
export class Session {
  readonly #clock: Clock;
  readonly #options: SessionOptions;
  readonly #hooks: SessionHooks;
  readonly #resources: ProxyResources;
  readonly #ordering: Ordering;
  readonly #unwatch: () => void;
  readonly #unfollow: () => void;
  #sequence = 0;
  #writable = true;
  #closed = false;
  #pumping = false;
  /** When it was last looked at what may be sent: what became due since then was perhaps not seen. */
  #pumpedAt = Number.NEGATIVE_INFINITY;
  #unsettledSince: number | undefined;
  #cancelWake: (() => void) | undefined;
  #wakeAt: number | undefined;
  readonly #cancelRetries = new SparseMap<string, () => void>();

  constructor(resources: ProxyResources, options: SessionOptions, clock: Clock, hooks: SessionHooks) {
    this.#resources = resources;
    this.#options = options;
    this.#clock = clock;
    this.#hooks = hooks;
    this.#ordering = new Ordering(
      resources,
      options,
      () => clock.now(),
      (typeUrl) => hooks.draft(typeUrl),
    );
    this.#unsettledSince = clock.now();
    this.#unfollow = resources.follow((typeUrl, name, before) => this.#ordering.shift(typeUrl, name, before));
    this.#unwatch = resources.watch((changes) => this.#changed(changes));
  }

  get settled(): boolean {
    return this.#unsettledSince === undefined;
  }

  /** For how long Envoy has not had all that it should have; 0 if it has. */
  get behindMilliseconds(): number {
    return this.#unsettledSince === undefined ? 0 : Math.max(1, this.#clock.now() - this.#unsettledSince);
  }

  get subscriptions(): readonly Subscription[] {
    return this.#ordering.subscriptions;
  }

  /** Whether Envoy has acknowledged the state that a resource should be in, also if that is not to be. */
  isAcknowledged(typeUrl: string, name: string): boolean {
    const desired = this.#resources.get(typeUrl, name);
    const subscription = this.#ordering.find(typeUrl);
    return subscription === undefined ? desired === undefined : subscription.acknowledges(name, desired?.version);
  }

  request(request: DeltaRequest): void {
    if (this.#closed) return;
    const subscription = this.#ordering.subscription(request.typeUrl);
    if (request.nonce !== "") this.#answered(subscription, request.nonce, request.error);
    const first = !subscription.subscribed;
    subscription.apply(request, this.#clock.now());
    if (first) this.#ordering.began(subscription);
    this.#ordering.unsubscribed(subscription, request.unsubscribe);
    this.#pump();
  }

  /** The transport takes more. */
  drained(): void {
    this.#writable = true;
    this.#pump();
  }

  close(): void {
    this.#closed = true;
    this.#cancelWake?.();
    for (const cancel of this.#cancelRetries.values()) cancel();
    this.#unwatch();
    this.#unfollow();
  }

  #changed(changes: readonly ResourceChange[]): void {
    for (const { typeUrl, name } of changes) this.#ordering.changed(typeUrl, name);
    this.#pump();
  }

  #answered(subscription: Subscription, nonce: string, error: string | undefined): void {
    const flight = subscription.answered(nonce);
    if (flight === undefined) return;
    const { typeUrl } = subscription;
    this.#ordering.answered(subscription);
    if (error === undefined) {
      subscription.acknowledged(flight);
      this.#ordering.acknowledged(subscription, flight);
      this.#hooks.acknowledged(typeUrl, flight);
      return;
    }
    this.#hooks.refused(typeUrl, flight, error);
    const rejected = subscription.refused(flight, error, this.#clock.now());
    this.#ordering.refused(subscription, flight);
    if (rejected === undefined) return;
    this.#ordering.rejected(subscription, rejected, flight);
    if (typeUrl === LISTENER) this.#retryLater(subscription, rejected);
    this.#hooks.rejected(typeUrl, rejected, flight.entries.get(rejected)?.version, error);
  }

  #retryLater(subscription: Subscription, name: string): void {
    this.#cancelRetries.get(name)?.();
    const retry = (): void => {
      this.#cancelRetries.delete(name);
      if (!subscription.rejected.delete(name)) return;
      subscription.mark(name, this.#clock.now());
      this.#pump();
    };
    this.#cancelRetries.set(name, this.#clock.after(this.#options.retryMilliseconds, retry));
  }

  /** Sends all that may be sent. */
  #pump(): void {
    if (this.#pumping || this.#closed) return;
    this.#pumping = true;
    this.#pumpedAt = this.#clock.now();
    for (let progress = true; progress; ) {
      progress = false;
      for (const subscription of this.#ordering.subscriptions) if (this.#step(subscription)) progress = true;
    }
    this.#pumping = false;
    this.#scheduleWake();
    this.#checkSettled();
  }

  /** Sends at most one response. Returns whether anything became different. */
  #step(subscription: Subscription): boolean {
    if (!this.#writable || subscription.flights.length >= this.#window(subscription)) return false;
    const { marks } = subscription;
    const draft = subscription.awaitedSince === undefined ? this.#next(subscription) : this.#first(subscription);
    if (draft !== undefined) this.#send(subscription, draft.batch());
    return draft !== undefined || subscription.marks !== marks;
  }

  #window(subscription: Subscription): number {
    const oldest = subscription.flights[0];
    if (subscription.typeUrl !== CLUSTER || oldest === undefined) return 1;
    return oldest.sentAt + this.#options.patienceMilliseconds <= this.#clock.now() ? flightsWhileWarming : 1;
  }

  /** The first answer: everything at once, so that Envoy never starts to serve a part. */
  #first(subscription: Subscription): Draft | undefined {
    const overdue = this.#firstDue(subscription) <= this.#clock.now();
    if (!overdue && subscription.waiting.size > 0) return undefined;
    const draft = this.#collect(subscription, subscription.dirty(), Number.POSITIVE_INFINITY, { together: !overdue });
    return !overdue && subscription.waiting.size > 0 ? undefined : draft;
  }

  #firstDue(subscription: Subscription): number {
    return (subscription.awaitedSince ?? 0) + this.#options.firstAnswerMilliseconds;
  }

  #next(subscription: Subscription): Draft | undefined {
    const suspects = subscription.suspectsNext ? this.#suspects(subscription) : undefined;
    const ordinary = suspects === undefined ? this.#ordinary(subscription) : undefined;
    subscription.suspectsNext = suspects === undefined;
    return suspects ?? ordinary ?? this.#suspects(subscription);
  }

  #ordinary(subscription: Subscription): Draft | undefined {
    const limit = subscription.lacksAll ? Number.POSITIVE_INFINITY : this.#options.responseBytes;
    const draft = this.#collect(subscription, subscription.dirty(), limit);
    subscription.looked();
    return draft.size > 0 ? draft : undefined;
  }

  #suspects(subscription: Subscription): Draft | undefined {
    for (let group = subscription.suspects.take(); group !== undefined; group = subscription.suspects.take()) {
      const names = group.filter((name) => subscription.isMarked(name));
      const draft = this.#collect(subscription, names, Number.POSITIVE_INFINITY, { suspected: true });
      if (draft.size > 0) return draft;
    }
    return undefined;
  }

  #collect(
    subscription: Subscription,
    names: Iterable<string>,
    limit: number,
    { suspected = false, together = false } = {},
  ): Draft {
    const draft = this.#hooks.draft(subscription.typeUrl);
    let bytes = 0;
    for (const name of names) {
      if (bytes >= limit) break;
      if (!suspected && subscription.suspects.has(name)) continue;
      const decision = this.#ordering.decide(subscription, name, together);
      if (decision === "wait") subscription.wait(name, this.#clock.now());
      else if (decision === "nothing") this.#clean(subscription, name);
      else if (decision === "remove") {
        draft.add(name, undefined);
        bytes += name.length;
      } else if (decision !== "later") {
        if (!suspected && this.#hooks.isDoubtful(decision)) {
          subscription.suspect(name);
          continue;
        }
        draft.add(name, decision);
        bytes += approximateSize(decision);
      }
    }
    return draft;
  }

  #clean(subscription: Subscription, name: string): void {
    subscription.clean(name);
    const rejection = subscription.rejected.get(name);
    if (rejection === undefined || rejection.version === subscription.desired(name)?.version) return;
    subscription.rejected.delete(name);
    this.#hooks.accepted(subscription.typeUrl, name);
  }

  #send(subscription: Subscription, batch: Batch): void {
    const { entries } = batch;
    this.#sequence += 1;
    const now = this.#clock.now();
    const flight: Flight = {
      nonce: String(this.#sequence),
      sequence: this.#sequence,
      sentAt: now,
      changedAt: oldestChange(subscription, entries) ?? now,
      entries,
      batch,
    };
    subscription.sent(flight);
    this.#ordering.sent(subscription, flight);
    this.#writable = this.#hooks.send({ nonce: flight.nonce, batch });
  }

  #scheduleWake(): void {
    const clusters = this.#ordering.find(CLUSTER);
    const oldest = clusters?.flights[0];
    const times: number[] = [];
    if (oldest !== undefined && clusters?.marks !== 0) times.push(oldest.sentAt + this.#options.patienceMilliseconds);
    for (const subscription of this.#ordering.subscriptions)
      if (subscription.awaitedSince !== undefined) times.push(this.#firstDue(subscription));
    const next = earliest([this.#ordering.nextWake(), ...times.filter((time) => time > this.#pumpedAt)]);
    if (next === this.#wakeAt) return;
    this.#cancelWake?.();
    this.#wakeAt = next;
    this.#cancelWake =
      next === undefined ? undefined : this.#clock.after(Math.max(0, next - this.#clock.now()), () => this.#wake());
  }

  #wake(): void {
    this.#wakeAt = undefined;
    if (this.#closed) return;
    this.#ordering.wake();
    this.#pump();
  }

  #checkSettled(): void {
    const settled = this.#isSettled();
    if (settled === this.settled) return;
    const now = this.#clock.now();
    const since = this.#unsettledSince ?? now;
    this.#unsettledSince = settled ? undefined : now;
    this.#hooks.settled(settled, now - since);
  }

  #isSettled(): boolean {
    if (!this.#ordering.isWarm || this.#ordering.subscriptions.some((subscription) => !subscription.settled))
      return false;
    return complete.every(
      (typeUrl) => this.#resources.size(typeUrl) === 0 || this.#ordering.find(typeUrl)?.subscribed === true,
    );
  }
}

/** Since when the oldest change of some that are about to be sent has waited. */
function oldestChange(subscription: Subscription, entries: Entries): number | undefined {
  let result: number | undefined;
  for (const name of entries.keys()) result = earliest([result, subscription.since(name)]);
  return result;
}
