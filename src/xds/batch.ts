import type { EnvoyResource } from "../envoy/resource.ts";
import { ClusterIndex } from "./cluster-index.ts";
import { encodeBatch } from "./encode.ts";
import { NameCounts } from "./name-counts.ts";

/** By name, what Envoy is told of it; undefined: it is gone. */
export type Entries = ReadonlyMap<string, EnvoyResource | undefined>;

/**
 * What a response says of one type. Its bytes, and what is looked up in it, are made once, however many streams it is sent to.
 */
export class Batch {
  readonly typeUrl: string;
  readonly entries: Entries;
  /** How many entries are not removals. */
  readonly resources: number;
  #bytes: Buffer | undefined;
  #named: NameCounts | undefined;
  #clusters: ClusterIndex | undefined;

  constructor(typeUrl: string, entries: Entries) {
    this.typeUrl = typeUrl;
    this.entries = entries;
    let resources = 0;
    for (const resource of entries.values()) if (resource !== undefined) resources += 1;
    this.resources = resources;
  }

  /** Of a DeltaDiscoveryResponse, but for its nonce. */
  get bytes(): Buffer {
    this.#bytes ??= encodeBatch(this.typeUrl, this.entries);
    return this.#bytes;
  }

  /** By how many of its resources each cluster and scope is named. */
  get named(): NameCounts {
    if (this.#named !== undefined) return this.#named;
    const named = new NameCounts();
    for (const resource of this.entries.values()) if (resource !== undefined) named.add(resource, 1);
    this.#named = named;
    return named;
  }

  /** Its clusters, of a batch of those. */
  get clusters(): ClusterIndex {
    this.#clusters ??= new ClusterIndex(this.entries);
    return this.#clusters;
  }
}

/** More than one change usually has: what a stream gets first, or after a long time. */
const large = 64;

/**
 * The batches of a proxy's streams: those that say the same are one, as long as any of them is in flight: a flight has its batch.
 * Streams are told the same one after the other, so the last one of a type is remembered, and the last large one, but not kept.
 */
export class Batches {
  readonly #last = new Map<string, WeakRef<Batch>>();
  readonly #lastLarge = new Map<string, WeakRef<Batch>>();

  draft(typeUrl: string): Draft {
    return new Draft(this.#lastLarge.get(typeUrl)?.deref(), (entries) => this.#of(typeUrl, entries));
  }

  #of(typeUrl: string, entries: Entries): Batch {
    const lasts = entries.size < large ? this.#last : this.#lastLarge;
    const last = lasts.get(typeUrl)?.deref();
    if (last !== undefined && isEqual(last.entries, entries)) return last;
    const batch = new Batch(typeUrl, entries);
    lasts.set(typeUrl, new WeakRef(batch));
    return batch;
  }
}

/** A batch that is being put together. As long as it says what the last large one says, it takes no memory. */
export class Draft {
  readonly #make: (entries: Entries) => Batch;
  #like: Batch | undefined;
  #expected: Iterator<readonly [string, EnvoyResource | undefined]> | undefined;
  #own: Map<string, EnvoyResource | undefined> | undefined;
  #same = 0;

  constructor(like: Batch | undefined, make: (entries: Entries) => Batch) {
    this.#make = make;
    this.#like = like;
    this.#expected = like?.entries.entries();
  }

  get size(): number {
    return this.#own?.size ?? this.#same;
  }

  /** Each name once. */
  add(name: string, resource: EnvoyResource | undefined): void {
    if (this.#own === undefined) {
      const expected = this.#expected?.next();
      if (expected?.done === false && expected.value[0] === name && expected.value[1] === resource) {
        this.#same += 1;
        return;
      }
    }
    this.#entries().set(name, resource);
  }

  batch(): Batch {
    if (this.#own === undefined && this.#like?.entries.size === this.#same) return this.#like;
    return this.#make(this.#entries());
  }

  #entries(): Map<string, EnvoyResource | undefined> {
    if (this.#own !== undefined) return this.#own;
    const own = new Map<string, EnvoyResource | undefined>();
    for (const [name, resource] of this.#like?.entries ?? []) {
      if (own.size === this.#same) break;
      own.set(name, resource);
    }
    this.#own = own;
    this.#like = undefined;
    this.#expected = undefined;
    return own;
  }
}

function isEqual(left: Entries, right: Entries): boolean {
  if (left.size !== right.size) return false;
  for (const [name, resource] of right) if (left.get(name) !== resource || !left.has(name)) return false;
  return true;
}
