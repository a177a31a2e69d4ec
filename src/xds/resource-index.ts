import type { Change, Collection } from "../collections/collection.ts";
import type { EnvoyResource } from "../envoy/resource.ts";
import { NameCounts } from "./name-counts.ts";
import type { SharedMap } from "./overlay.ts";

/** One resource that came, changed or went. */
export interface ResourceChange {
  readonly typeUrl: string;
  readonly name: string;
}

/** Told of a resource that is another now, where it was `before`. */
export type ChangeFollower = (typeUrl: string, name: string, before: EnvoyResource | undefined) => void;

/** What one proxy should have, by type and name. */
export interface ProxyResources {
  get(typeUrl: string, name: string): EnvoyResource | undefined;
  names(typeUrl: string): Iterable<string>;
  size(typeUrl: string): number;
  typeUrls(): Iterable<string>;
  /** Calls `observer` once for each transaction that changed something of this proxy. Returns a function that ends it. */
  watch(observer: (changes: readonly ResourceChange[]) => void): () => void;
  /** The resources of a type as they are derived, whatever becomes of those that Envoys refuse. Streams stand on them. */
  shared(typeUrl: string): SharedMap<EnvoyResource>;
  /** By how many of the shared resources of type `from` a cluster or scope is named. */
  named(from: string, typeUrl: string, name: string): number;
  /** Calls `follower` after each single change of what is shared, before any observer hears of the transaction. */
  follow(follower: ChangeFollower): () => void;
}

/** A flat collection of resources, by proxy and type. Kept up to date change by change, never scanned. */
export class ResourceIndex {
  readonly #proxies = new Map<string, IndexedProxy>();
  readonly #unsubscribe: () => void;

  constructor(resources: Collection<EnvoyResource>) {
    for (const [, resource] of resources.entries()) this.#proxy(resource.proxy).set(resource);
    this.#unsubscribe = resources.subscribe((changes) => this.#apply(changes));
  }

  has(proxy: string): boolean {
    return this.#proxies.get(proxy)?.empty === false;
  }

  /** How many resources a proxy has, of all types. */
  count(proxy: string): number {
    return this.#proxies.get(proxy)?.count ?? 0;
  }

  /** Resources of a proxy, which may be none yet. */
  of(proxy: string): ProxyResources {
    return this.#proxy(proxy);
  }

  proxies(): Iterable<string> {
    return this.#proxies.keys();
  }

  close(): void {
    this.#unsubscribe();
  }

  #apply(changes: readonly Change<EnvoyResource>[]): void {
    const touched = new Map<IndexedProxy, ResourceChange[]>();
    for (const { before, after } of changes) {
      const resource = after ?? before;
      if (resource === undefined) continue;
      const proxy = this.#proxy(resource.proxy);
      if (after === undefined) proxy.delete(resource);
      else proxy.set(after);
      const list = touched.get(proxy);
      if (list === undefined) touched.set(proxy, [resource]);
      else list.push(resource);
    }
    for (const [proxy, list] of touched) proxy.announce(list);
    for (const proxy of touched.keys()) this.#drop(proxy);
  }

  #proxy(name: string): IndexedProxy {
    const existing = this.#proxies.get(name);
    if (existing !== undefined) return existing;
    const proxy: IndexedProxy = new IndexedProxy(name, () => this.#drop(proxy));
    this.#proxies.set(name, proxy);
    return proxy;
  }

  #drop(proxy: IndexedProxy): void {
    if (proxy.empty && !proxy.watched) this.#proxies.delete(proxy.name);
  }
}

const none: ReadonlyMap<string, EnvoyResource> = new Map();

class IndexedProxy implements ProxyResources {
  readonly name: string;
  readonly #types = new Map<string, Map<string, EnvoyResource>>();
  /** By type, the places of names among those; until one comes or goes, and only if somebody asked. */
  readonly #places = new Map<string, ReadonlyMap<string, number>>();
  readonly #shared = new Map<string, SharedResources>();
  readonly #named = new Map<string, NameCounts>();
  readonly #observers = new Set<(changes: readonly ResourceChange[]) => void>();
  readonly #followers = new Set<ChangeFollower>();
  readonly #onUnwatched: () => void;

  constructor(name: string, onUnwatched: () => void) {
    this.name = name;
    this.#onUnwatched = onUnwatched;
  }

  get empty(): boolean {
    return this.#types.size === 0;
  }

  get count(): number {
    let count = 0;
    for (const resources of this.#types.values()) count += resources.size;
    return count;
  }

  get watched(): boolean {
    return this.#observers.size > 0 || this.#followers.size > 0;
  }

  get(typeUrl: string, name: string): EnvoyResource | undefined {
    return this.#types.get(typeUrl)?.get(name);
  }

  names(typeUrl: string): Iterable<string> {
    return this.#types.get(typeUrl)?.keys() ?? [];
  }

  size(typeUrl: string): number {
    return this.#types.get(typeUrl)?.size ?? 0;
  }

  typeUrls(): Iterable<string> {
    return this.#types.keys();
  }

  watch(observer: (changes: readonly ResourceChange[]) => void): () => void {
    this.#observers.add(observer);
    return () => {
      this.#observers.delete(observer);
      this.#onUnwatched();
    };
  }

  shared(typeUrl: string): SharedMap<EnvoyResource> {
    const known = this.#shared.get(typeUrl);
    if (known !== undefined) return known;
    const shared = new SharedResources(this.#types, typeUrl, () => this.#placesOf(typeUrl));
    this.#shared.set(typeUrl, shared);
    return shared;
  }

  named(from: string, typeUrl: string, name: string): number {
    return this.#named.get(from)?.get(typeUrl, name) ?? 0;
  }

  follow(follower: ChangeFollower): () => void {
    this.#followers.add(follower);
    return () => {
      this.#followers.delete(follower);
      this.#onUnwatched();
    };
  }

  announce(changes: readonly ResourceChange[]): void {
    for (const observer of this.#observers) observer(changes);
  }

  set(resource: EnvoyResource): void {
    const names = this.#types.get(resource.typeUrl);
    const before = names?.get(resource.name);
    if (names === undefined) this.#types.set(resource.typeUrl, new Map([[resource.name, resource]]));
    else names.set(resource.name, resource);
    if (before === undefined) this.#places.delete(resource.typeUrl);
    this.#count(resource, 1);
    this.#changed(resource, before);
  }

  delete(resource: EnvoyResource): void {
    const names = this.#types.get(resource.typeUrl);
    const before = names?.get(resource.name);
    names?.delete(resource.name);
    this.#places.delete(resource.typeUrl);
    if (names?.size === 0) this.#types.delete(resource.typeUrl);
    this.#changed(resource, before);
  }

  #placesOf(typeUrl: string): ReadonlyMap<string, number> {
    const known = this.#places.get(typeUrl);
    if (known !== undefined) return known;
    const places = new Map<string, number>();
    for (const name of this.names(typeUrl)) places.set(name, places.size);
    this.#places.set(typeUrl, places);
    return places;
  }

  #changed({ typeUrl, name }: EnvoyResource, before: EnvoyResource | undefined): void {
    if (before !== undefined) this.#count(before, -1);
    for (const follower of this.#followers) follower(typeUrl, name, before);
  }

  #count(resource: EnvoyResource, by: 1 | -1): void {
    const { typeUrl } = resource;
    const counts = this.#named.get(typeUrl) ?? new NameCounts();
    this.#named.set(typeUrl, counts);
    counts.add(resource, by);
    if (counts.isEmpty) this.#named.delete(typeUrl);
  }
}

class SharedResources implements SharedMap<EnvoyResource> {
  readonly #types: ReadonlyMap<string, ReadonlyMap<string, EnvoyResource>>;
  readonly #typeUrl: string;
  readonly #places: () => ReadonlyMap<string, number>;

  constructor(
    types: ReadonlyMap<string, ReadonlyMap<string, EnvoyResource>>,
    typeUrl: string,
    places: () => ReadonlyMap<string, number>,
  ) {
    this.#types = types;
    this.#typeUrl = typeUrl;
    this.#places = places;
  }

  get size(): number {
    return this.#resources.size;
  }

  get(name: string): EnvoyResource | undefined {
    return this.#resources.get(name);
  }

  entries(): ReadonlyMap<string, EnvoyResource> {
    return this.#resources;
  }

  places(): ReadonlyMap<string, number> {
    return this.#places();
  }

  get #resources(): ReadonlyMap<string, EnvoyResource> {
    return this.#types.get(this.#typeUrl) ?? none;
  }
}
