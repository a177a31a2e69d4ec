import type { EnvoyResource } from "../envoy/resource.ts";
import type { Entries } from "./batch.ts";
import type { Flight } from "./flight.ts";
import { type Held, isKnown } from "./held.ts";
import type { Holdings } from "./holdings.ts";
import { Overlay } from "./overlay.ts";
import { type DeltaRequest, WILDCARD } from "./protocol.ts";
import type { ProxyResources } from "./resource-index.ts";
import { SparseMap, SparseSet } from "./sparse.ts";
import { Suspects, split } from "./suspects.ts";
import { CLUSTER, SCOPED_ROUTE_CONFIGURATION } from "./type-url.ts";

/** A version that Envoy refused; `undefined` stands for its removal. */
export interface Rejection {
  readonly version: string | undefined;
  readonly message: string;
}

/** What one Envoy wants to know of one type, what it has of it, and what it has yet to be told. */
export class Subscription {
  readonly typeUrl: string;
  readonly #resources: ProxyResources;
  readonly #holdings: Holdings;
  readonly #names: Overlay<EnvoyResource, true>;
  #wildcard = false;
  #subscribed = false;

  /** The last state of each resource that Envoy acknowledged. */
  readonly held: Overlay<EnvoyResource, Held>;
  /** States that a refused response may have left behind, besides the acknowledged one. */
  readonly #uncertain = new SparseMap<string, (EnvoyResource | undefined)[]>();
  readonly rejected = new SparseMap<string, Rejection>();
  readonly flights: Flight[] = [];
  /** Names whose state has to be looked at → since when; without those that it lacks. */
  readonly #dirty = new SparseMap<string, number>();
  /**
   * Since when it has nothing at all, so that all that it asked for has to be looked at, but for what is dirty or waits. Until the first
   * answer, of which nobody needs a list by name.
   */
  #lackingSince: number | undefined;
  /** Names that wait for other resources → since when. */
  readonly waiting = new SparseMap<string, number>();
  /** Names that Envoy wants an answer on even if nothing changed; without those that it lacks. */
  readonly #forced = new SparseSet<string>();
  readonly suspects = new Suspects();
  /** Since when Envoy waits for the first answer to a wildcard subscription, which it gets even if it is empty. */
  awaitedSince: number | undefined;
  /** Suspects and the rest take turns, so that neither holds up the other for long. */
  suspectsNext = true;

  constructor(typeUrl: string, resources: ProxyResources, holdings: Holdings) {
    this.typeUrl = typeUrl;
    this.#resources = resources;
    this.#holdings = holdings;
    const shared = resources.shared(typeUrl);
    this.#names = new Overlay(shared, (): true => true);
    this.held = new Overlay(shared, itself, (isShared) => holdings.rebase(typeUrl, isShared));
  }

  get subscribed(): boolean {
    return this.#subscribed;
  }

  /** Whether Envoy has been told everything of this type, and has answered. */
  get settled(): boolean {
    return this.marks === 0 && this.waiting.size === 0 && this.flights.length === 0 && this.awaitedSince === undefined;
  }

  /** How much has to be looked at: names, and all that it lacks as one. */
  get marks(): number {
    return this.#dirty.size + (this.#lackingSince === undefined ? 0 : 1);
  }

  /** Whether it has to be told all that it asked for, and has nothing. */
  get lacksAll(): boolean {
    return this.#lackingSince !== undefined;
  }

  /** A resource that is shared is another now. What Envoy has, and wants, is as before. */
  shift(name: string, before: EnvoyResource | undefined): void {
    this.#holdings.shift(this.typeUrl, before, this.#resources.shared(this.typeUrl).get(name));
    this.held.shift(name, before);
    this.#names.shift(name, before);
  }

  isInterested(name: string): boolean {
    return this.#wildcard || this.#names.has(name);
  }

  desired(name: string): EnvoyResource | undefined {
    return this.isInterested(name) ? this.#resources.get(this.typeUrl, name) : undefined;
  }

  /** Names whose state has to be looked at. It may be looked at, and they be marked otherwise, on the way. */
  *dirty(): Iterable<string> {
    if (this.#lackingSince !== undefined) {
      if (this.#wildcard) {
        for (const name of this.#resources.names(this.typeUrl)) if (this.#isLacking(name)) yield name;
      }
      for (const name of this.#names.keys()) {
        const isTold = this.#wildcard && this.#resources.get(this.typeUrl, name) !== undefined;
        if (!isTold && this.#isLacking(name)) yield name;
      }
    }
    yield* this.#dirty.keys();
  }

  isMarked(name: string): boolean {
    return this.#dirty.has(name) || this.#isLacking(name);
  }

  /** Since when the state of a name has to be looked at, or it waits. */
  since(name: string): number | undefined {
    const since = this.#dirty.get(name) ?? this.waiting.get(name);
    return since === undefined && this.#isLacking(name) ? this.#lackingSince : since;
  }

  isForced(name: string): boolean {
    return this.#forced.has(name) || (this.#isLacking(name) && this.#names.has(name));
  }

  /** Something about this name may have to be sent. The oldest cause counts. */
  mark(name: string, now: number): void {
    const waitingSince = this.waiting.get(name);
    this.waiting.delete(name);
    if (!this.isMarked(name)) this.#dirty.set(name, waitingSince ?? now);
  }

  force(name: string, now: number): void {
    this.#single(name);
    this.#forced.add(name);
    this.mark(name, now);
  }

  /** It has to wait for another resource. */
  wait(name: string, now: number): void {
    this.#single(name);
    this.waiting.set(name, this.#dirty.get(name) ?? now);
    this.#dirty.delete(name);
  }

  /** It is better sent by itself. */
  suspect(name: string): void {
    this.#single(name);
    this.suspects.add([name]);
  }

  /** Nothing has to be sent. */
  clean(name: string): void {
    this.#dirty.delete(name);
    this.#forced.delete(name);
  }

  /** All that it lacks was looked at: it is in an answer, waits, or is a suspect. */
  looked(): void {
    this.#lackingSince = undefined;
  }

  /** What is lacking is from now on marked by itself. */
  #single(name: string): void {
    const since = this.#lackingSince;
    if (since === undefined || !this.#isLacking(name)) return;
    if (this.#names.has(name)) this.#forced.add(name);
    this.#dirty.set(name, since);
  }

  #isLacking(name: string): boolean {
    if (this.#lackingSince === undefined || this.#dirty.has(name) || this.waiting.has(name)) return false;
    return this.isInterested(name);
  }

  /** Whether Envoy will have exactly this version (undefined: nothing) once it has taken what is in flight. */
  expects(name: string, version: string | undefined): boolean {
    const last = this.flights.findLast((flight) => flight.entries.has(name));
    if (last !== undefined) return last.entries.get(name)?.version === version;
    return this.acknowledges(name, version);
  }

  /** Whether Envoy has said that it has this, in whatever version, and nothing in flight takes it away. */
  stays(name: string): boolean {
    const last = this.flights.findLast((flight) => flight.entries.has(name));
    return this.held.has(name) && (last === undefined || last.entries.get(name) !== undefined);
  }

  /** Whether Envoy has said that it has exactly this version (undefined: nothing). */
  acknowledges(name: string, version: string | undefined): boolean {
    return !this.#uncertain.has(name) && this.held.get(name)?.version === version;
  }

  /**
   * A resource has the version that Envoy has had all along, which we did not know until now. Returns whether that is so.
   * (It was taken back while Envoy was connecting, say, and has come again.)
   */
  recognise(resource: EnvoyResource): boolean {
    const held = this.held.get(resource.name);
    if (held === undefined || isKnown(held) || held.version !== resource.version) return false;
    this.held.set(resource.name, resource);
    this.#holdings.hold(this.typeUrl, resource);
    this.#holdings.release(this.typeUrl, held);
    return true;
  }

  /** A change of interest. On the first request of a type, also what Envoy already has. */
  apply(request: DeltaRequest, now: number): void {
    if (!this.#subscribed) {
      this.#begin(request, now);
      return;
    }
    for (const name of request.unsubscribe) this.#unsubscribe(name, now);
    for (const name of request.subscribe) this.#subscribe(name, now);
  }

  sent(flight: Flight): void {
    this.flights.push(flight);
    this.awaitedSince = undefined;
    this.#lackingSince = undefined;
    this.#holdings.sent(flight.batch);
    if (this.#dirty.size === 0 && this.#forced.size === 0) return;
    for (const name of flight.entries.keys()) this.clean(name);
  }

  /** Takes a response off the list of those in flight. Undefined for a nonce that is not, or no longer, known. */
  answered(nonce: string): Flight | undefined {
    const index = this.flights.findIndex((flight) => flight.nonce === nonce);
    return index === -1 ? undefined : this.flights.splice(index, 1)[0];
  }

  /** Envoy has what the flight carried. */
  acknowledged(flight: Flight): void {
    if (this.#hadNothing(flight)) {
      this.held.setAll(present(flight.entries));
      this.#holdings.holdAll(this.typeUrl, this.held);
      this.#holdings.answered(flight.batch);
      return;
    }
    const unwanted: EnvoyResource[] = [];
    for (const [name, resource] of flight.entries) {
      // What the new state names is counted while it is in flight, so nothing that both name is free in between.
      this.#releaseHeld(name);
      // The last good version may have been sent again meanwhile; that ends no rejection.
      if (this.rejected.get(name)?.version !== this.desired(name)?.version) this.rejected.delete(name);
      if (resource === undefined) continue;
      if (this.isInterested(name)) {
        this.held.set(name, resource);
        this.#holdings.hold(this.typeUrl, resource);
      } else unwanted.push(resource);
    }
    this.#holdings.answered(flight.batch);
    for (const resource of unwanted) this.#holdings.free(resource);
  }

  /**
   * Envoy refused the flight. Several resources are suspects and will be sent again in two parts; one alone is rejected,
   * and returned.
   */
  refused(flight: Flight, message: string, now: number): string | undefined {
    const [first, ...others] = flight.entries;
    if (others.length > 0) for (const [name, resource] of flight.entries) this.#suspect(name, resource, now);
    this.#holdings.answered(flight.batch);
    for (const resource of flight.entries.values()) if (resource !== undefined) this.#holdings.free(resource);
    if (first === undefined) return undefined;
    if (others.length === 0) {
      const [name, resource] = first;
      if (!this.isInterested(name)) return undefined;
      this.rejected.set(name, { version: resource?.version, message });
      this.#dismiss(name, resource?.version);
      return name;
    }
    const names = [...flight.entries.keys()].filter((name) => this.isMarked(name));
    for (const part of split(names, message)) if (part.length > 0) this.suspects.add(part);
    return undefined;
  }

  #suspect(name: string, resource: EnvoyResource | undefined, now: number): void {
    if (!this.isInterested(name)) return;
    // SRDS takes a response as a whole or not at all; other types may have taken the good ones.
    if (this.typeUrl !== SCOPED_ROUTE_CONFIGURATION) {
      const states = this.#uncertain.get(name);
      if (states === undefined) this.#uncertain.set(name, [resource]);
      else states.push(resource);
      if (resource !== undefined) this.#holdings.hold(this.typeUrl, resource);
    }
    this.mark(name, now);
  }

  /** Envoy has refused this version by itself, so it does not have it from an earlier response either. */
  #dismiss(name: string, version: string | undefined): void {
    const states = this.#uncertain.get(name);
    if (states === undefined) return;
    for (const state of states)
      if (state?.version === version && state !== undefined) this.#holdings.release(this.typeUrl, state);
    const left = states.filter((state) => state?.version !== version);
    if (left.length === 0) this.#uncertain.delete(name);
    else this.#uncertain.set(name, left);
  }

  #begin(request: DeltaRequest, now: number): void {
    this.#subscribed = true;
    this.#names.setAll(this.#asked(request.subscribe));
    if (this.#names.size === 0) this.#wildcard = true;
    this.held.setAll(this.#brought(request.initialVersions, now));
    this.#holdings.holdAll(this.typeUrl, this.held);
    // Also to an Envoy that has clusters: its answer tells when those are warm.
    if (this.#wildcard && (this.held.size === 0 || this.typeUrl === CLUSTER)) this.awaitedSince = now;
    if (this.held.size === 0) {
      this.#lackingSince = now;
      return;
    }
    for (const name of this.#names.keys()) if (!this.held.has(name)) this.force(name, now);
    if (this.#wildcard) this.#markMissing(now);
  }

  *#asked(names: Iterable<string>): Iterable<readonly [string, true]> {
    for (const name of names) {
      if (name === WILDCARD) this.#wildcard = true;
      else yield [name, true];
    }
  }

  /** What Envoy has from an earlier stream, of what it wants. */
  *#brought(versions: Iterable<readonly [string, string]>, now: number): Iterable<readonly [string, Held]> {
    for (const [name, version] of versions) {
      if (!this.isInterested(name)) continue;
      const resource = this.#resources.get(this.typeUrl, name);
      if (resource?.version === version) yield [name, resource];
      else {
        this.mark(name, now);
        yield [name, { name, version }];
      }
    }
  }

  #subscribe(name: string, now: number): void {
    if (name !== WILDCARD) {
      this.#names.set(name, true);
      // Also if it is there: who subscribes again wants it again.
      this.force(name, now);
      return;
    }
    this.awaitedSince = now;
    if (this.#wildcard) for (const held of this.held.keys()) this.force(held, now);
    this.#wildcard = true;
    this.#markMissing(now);
  }

  #unsubscribe(name: string, now: number): void {
    if (name === WILDCARD) {
      this.#wildcard = false;
      for (const held of [...this.held.keys(), ...this.dirty(), ...this.waiting.keys(), ...this.rejected.keys()])
        if (!this.#names.has(held)) this.#forget(held);
      return;
    }
    this.#names.delete(name);
    // Part of the wildcard still: the answer tells Envoy whether it is.
    if (this.#wildcard) this.force(name, now);
    else this.#forget(name);
  }

  #markMissing(now: number): void {
    for (const name of this.#resources.names(this.typeUrl)) if (!this.held.has(name)) this.mark(name, now);
  }

  /** Whether this is the first that it has of what it wants: nothing that it had before is over. */
  #hadNothing({ entries }: Flight): boolean {
    if (this.held.size > 0 || this.#uncertain.size > 0 || this.rejected.size > 0) return false;
    if (!this.#wildcard) for (const name of entries.keys()) if (!this.isInterested(name)) return false;
    return true;
  }

  /** Envoy throws away what it does not subscribe to. */
  #forget(name: string): void {
    this.#releaseHeld(name);
    this.rejected.delete(name);
    this.clean(name);
    this.waiting.delete(name);
  }

  #releaseHeld(name: string): void {
    const held = this.held.get(name);
    if (held !== undefined) {
      this.held.delete(name);
      this.#holdings.release(this.typeUrl, held);
    }
    const uncertain = this.#uncertain.get(name);
    if (uncertain === undefined) return;
    this.#uncertain.delete(name);
    for (const state of uncertain) if (state !== undefined) this.#holdings.release(this.typeUrl, state);
  }
}

function* present(entries: Entries): Iterable<readonly [string, EnvoyResource]> {
  for (const [name, resource] of entries) if (resource !== undefined) yield [name, resource];
}

function itself(resource: EnvoyResource): EnvoyResource {
  return resource;
}
