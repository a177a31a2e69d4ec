import type { Collection } from "../collections/collection.ts";
import type { EnvoyResource } from "../envoy/resource.ts";
import { Batches } from "./batch.ts";
import { type Clock, systemClock } from "./clock.ts";
import { Containment } from "./containment.ts";
import { encodeNonce } from "./encode.ts";
import type { Flight } from "./flight.ts";
import type { XdsObserver } from "./observer.ts";
import { Rejections } from "./rejections.ts";
import { ResourceIndex } from "./resource-index.ts";
import { Session, type SessionHooks, type SessionOptions } from "./session.ts";
import { type ProxySnapshot, snapshotOf } from "./snapshot.ts";

export interface DeliveryOptions extends Partial<SessionOptions> {
  readonly resources: Collection<EnvoyResource>;
  /** Whether an Envoy of this proxy may connect. Default: if there is any resource for it. */
  readonly knows?: (proxy: string) => boolean;
  readonly observer?: XdsObserver;
  readonly clock?: Clock;
}

export interface ProxyStatus {
  /** How many Envoys are connected. */
  readonly connected: number;
  /** At least one is, and each has acknowledged all that it should have (or rejected it). */
  readonly settled: boolean;
}

/** The connection of one Envoy. */
export interface Stream {
  readonly node: string;
  /**
   * Takes the bytes of a DeltaDiscoveryResponse, in parts that other streams are given as well. False if that should be the last
   * until the session is told that it drained.
   */
  write(parts: readonly Uint8Array[]): boolean;
  /** Envoy has all that it should have; told each time. */
  settled?(): void;
}

interface Connection {
  readonly id: number;
  readonly session: Session;
}

interface Proxy {
  readonly connections: Set<Connection>;
  /** Of resources that can only be refused as a whole. */
  readonly rejections: Rejections;
  /** Of those that have parts; what its Envoys should have. */
  readonly containment: Containment;
  readonly batches: Batches;
}

const defaults: SessionOptions = {
  lingerMilliseconds: 5_000,
  patienceMilliseconds: 5_000,
  tablesMilliseconds: 10_000,
  responseBytes: 1 << 20,
  firstAnswerMilliseconds: 5_000,
  retryMilliseconds: 30_000,
};

/** Delivers resources to every Envoy that is connected, whatever the transport, and knows what each of them has. */
export class Delivery {
  readonly #index: ResourceIndex;
  readonly #proxies = new Map<string, Proxy>();
  readonly #options: DeliveryOptions;
  readonly #limits: SessionOptions;
  readonly #clock: Clock;
  readonly #observer: XdsObserver;
  readonly #subscribers = new Set<(proxy: string) => void>();
  #streams = 0;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#limits = { ...defaults, ...options };
    this.#clock = options.clock ?? systemClock;
    this.#observer = options.observer ?? {};
    this.#index = new ResourceIndex(options.resources);
  }

  knows(proxy: string): boolean {
    return this.#options.knows?.(proxy) ?? this.#index.has(proxy);
  }

  /** How many resources the proxy has that has most. */
  get largest(): number {
    let largest = 0;
    for (const proxy of this.#index.proxies()) largest = Math.max(largest, this.#index.count(proxy));
    return largest;
  }

  /** An Envoy of `proxy` is there. Whoever opens a session closes it, through the function returned. */
  open(proxy: string, stream: Stream): { readonly session: Session; readonly close: (reason: string) => void } {
    this.#streams += 1;
    const id = this.#streams;
    const state = this.#proxy(proxy);
    this.#prune(proxy, state);
    const session = new Session(
      state.containment,
      this.#limits,
      this.#clock,
      this.#hooks(proxy, state, id, stream, () => connection),
    );
    const connection: Connection = { id, session };
    state.connections.add(connection);
    this.#observer.streamOpened?.({ proxy, stream: id, node: stream.node });
    this.#announce(proxy);
    const close = (reason: string): void => {
      if (!state.connections.delete(connection)) return;
      session.close();
      state.rejections.leave(connection);
      state.containment.review();
      this.#forget(proxy);
      this.#observer.streamClosed?.({ proxy, stream: id, reason });
      this.#announce(proxy);
    };
    return { session, close };
  }

  status(proxy: string): ProxyStatus {
    const connections = [...(this.#proxies.get(proxy)?.connections ?? [])];
    return {
      connected: connections.length,
      settled: connections.length > 0 && connections.every(({ session }) => session.settled),
    };
  }

  /** Calls `observer` when a proxy's status, or what its Envoys have acknowledged, may have changed. */
  subscribe(observer: (proxy: string) => void): () => void {
    this.#subscribers.add(observer);
    return () => this.#subscribers.delete(observer);
  }

  /**
   * Whether every connected Envoy (at least one) has acknowledged the present version of a resource, given by its key in
   * the collection; of a key that is not in the collection, that nothing of it is left.
   *
   * An Envoy that waits for admission is not connected yet: of which proxy it is, nobody has read. It is one that connects a moment
   * later, of which nobody can know anything either. So nothing that can't be taken back may follow from this: no status says that all
   * have a route, and what Envoys took is looked at again if one that comes later refuses it.
   */
  isAcknowledged(key: string): boolean {
    const [proxy = "", typeUrl = "", ...name] = key.split("|");
    return acknowledgedByAll(this.#proxies.get(proxy)?.connections ?? new Set(), typeUrl, name.join("|"));
  }

  /** Why the present version of a resource, which has no parts, is rejected, if it is. */
  rejection(resource: EnvoyResource): string | undefined {
    const rejections = this.#proxies.get(resource.proxy)?.rejections;
    return rejections?.has(resource) === true ? rejections.message(resource.typeUrl, resource.name) : undefined;
  }

  /** Resolves when a proxy is settled, at once if it is. */
  whenSettled(proxy: string): Promise<void> {
    if (this.status(proxy).settled) return Promise.resolve();
    return new Promise((resolve) => {
      const unsubscribe = this.subscribe((changed) => {
        if (changed !== proxy || !this.status(proxy).settled) return;
        unsubscribe();
        resolve();
      });
    });
  }

  /** Of each connected Envoy, for how long it has not had all that it should have; 0 for one that has. */
  behindSeconds(): readonly number[] {
    return [...this.#proxies.values()].flatMap(({ connections }) =>
      [...connections].map(({ session }) => session.behindMilliseconds / 1000),
    );
  }

  /** What each stream has, and has not, for debugging. */
  snapshot(): readonly ProxySnapshot[] {
    return [...this.#proxies].flatMap(([proxy, { connections, containment }]) =>
      [...connections].map(({ id, session }) => snapshotOf(proxy, id, session, containment)),
    );
  }

  close(): void {
    this.#index.close();
  }

  #hooks(proxy: string, state: Proxy, id: number, stream: Stream, connection: () => Connection): SessionHooks {
    const observer = this.#observer;
    const event = { proxy, stream: id };
    const accepted = (typeUrl: string, name: string): void => {
      if (state.rejections.accepted(typeUrl, name, connection())) observer.accepted?.({ proxy, typeUrl, name });
    };
    return {
      draft: (typeUrl) => state.batches.draft(typeUrl),
      send: ({ nonce, batch }) => {
        const parts = [batch.bytes, encodeNonce(nonce)];
        observer.responseSent?.({
          ...event,
          typeUrl: batch.typeUrl,
          resources: batch.resources,
          removed: batch.entries.size - batch.resources,
          bytes: parts.reduce((sum, part) => sum + part.length, 0),
        });
        return stream.write(parts);
      },
      isDoubtful: (resource) => state.rejections.has(resource) || state.containment.isDoubtful(resource),
      acknowledged: (typeUrl, flight) => {
        const now = this.#clock.now();
        observer.acknowledged?.({
          ...event,
          typeUrl,
          milliseconds: now - flight.sentAt,
          changedAt: flight.changedAt,
          changeMilliseconds: now - flight.changedAt,
        });
        if (state.rejections.size > 0) {
          for (const [name, resource] of flight.entries)
            if (this.#desired(proxy, typeUrl, name) === resource?.version) accepted(typeUrl, name);
          const gone = state.rejections.pruneGone((type, name) => this.#desired(proxy, type, name));
          for (const one of gone) observer.accepted?.({ proxy, typeUrl: one.typeUrl, name: one.name });
        }
        if (state.containment.count > 0) state.containment.review();
        this.#announce(proxy);
      },
      refused: (typeUrl, flight, message) => observer.refused?.({ ...event, typeUrl, names: names(flight), message }),
      rejected: (typeUrl, name, version, message) => {
        const contained = state.containment.refused(typeUrl, name, version, message);
        if (!contained && state.rejections.add(typeUrl, name, version, message, connection()))
          observer.rejected?.({ proxy, typeUrl, name, version, message });
        this.#announce(proxy);
      },
      accepted: (typeUrl, name) => {
        accepted(typeUrl, name);
        // Not now: the session is at work.
        if (state.containment.count > 0) queueMicrotask(() => state.containment.review());
        this.#announce(proxy);
      },
      settled: (settled, milliseconds) => {
        if (settled) {
          observer.settled?.({ ...event, milliseconds });
          stream.settled?.();
        }
        this.#announce(proxy);
      },
    };
  }

  #proxy(name: string): Proxy {
    const existing = this.#proxies.get(name);
    if (existing !== undefined) return existing;
    const connections = new Set<Connection>();
    const observer = this.#observer;
    const containment = new Containment(this.#index.of(name), {
      refused: ({ typeUrl, name: resource, version }, message) =>
        observer.rejected?.({ proxy: name, typeUrl, name: resource, version, message }),
      contained: (what) => observer.contained?.({ proxy: name, ...what }),
      healed: (typeUrl, resource) => {
        observer.accepted?.({ proxy: name, typeUrl, name: resource });
        this.#forget(name);
      },
      isAcknowledged: (typeUrl, resource) => acknowledgedByAll(connections, typeUrl, resource),
      isConnected: () => connections.size > 0,
    });
    const created = { connections, rejections: new Rejections(), containment, batches: new Batches() };
    this.#proxies.set(name, created);
    containment.watch(() => {
      // Nobody is connected here who will take or refuse what is new.
      if (connections.size > 0 || created.rejections.size === 0) return;
      this.#prune(name, created);
      this.#forget(name);
    });
    return created;
  }

  /** Forgets what was refused and is not wanted any more. */
  #prune(proxy: string, { rejections }: Pick<Proxy, "rejections">): void {
    const outdated = rejections.prune((typeUrl, name) => this.#desired(proxy, typeUrl, name));
    for (const { typeUrl, name } of outdated) this.#observer.accepted?.({ proxy, typeUrl, name });
  }

  /** Lets go of a proxy of which there is nothing to know. */
  #forget(name: string): void {
    const proxy = this.#proxies.get(name);
    if (proxy === undefined || proxy.connections.size > 0) return;
    if (proxy.rejections.size > 0 || proxy.containment.count > 0) return;
    proxy.containment.close();
    this.#proxies.delete(name);
  }

  #desired(proxy: string, typeUrl: string, name: string): string | undefined {
    return this.#index.of(proxy).get(typeUrl, name)?.version;
  }

  #announce(proxy: string): void {
    for (const subscriber of this.#subscribers) subscriber(proxy);
  }
}

function acknowledgedByAll(connections: ReadonlySet<Connection>, typeUrl: string, name: string): boolean {
  return connections.size > 0 && [...connections].every(({ session }) => session.isAcknowledged(typeUrl, name));
}

function names(flight: Flight): readonly string[] {
  return [...flight.entries.keys()];
}
