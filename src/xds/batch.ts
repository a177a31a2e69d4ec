import type { EnvoyResource } from "../envoy/resource.ts";
import { encodeBatch } from "./encode.ts";

/** By name, what Envoy is told of it; undefined: it is gone. */
export type Entries = ReadonlyMap<string, EnvoyResource | undefined>;

/** What a response says of one type. Its bytes are made once, however many streams it is sent to. */
export class Batch {
  readonly typeUrl: string;
  readonly entries: Entries;
  /** How many entries are not removals. */
  readonly resources: number;
  #bytes: Buffer | undefined;

  constructor(typeUrl: string, entries: Entries) {
    this.typeUrl = typeUrl;
    this.entries = entries;
    this.resources = [...entries.values()].filter((resource) => resource !== undefined).length;
  }

  /** Of a DeltaDiscoveryResponse, but for its nonce. */
  get bytes(): Buffer {
    this.#bytes ??= encodeBatch(this.typeUrl, this.entries);
    return this.#bytes;
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

  of(typeUrl: string, entries: Entries): Batch {
    const key = entries.size < large ? typeUrl : `large ${typeUrl}`;
    const last = this.#last.get(key)?.deref();
    if (last !== undefined && isEqual(last.entries, entries)) return last;
    const batch = new Batch(typeUrl, entries);
    this.#last.set(key, new WeakRef(batch));
    return batch;
  }
}

function isEqual(left: Entries, right: Entries): boolean {
  if (left.size !== right.size) return false;
  for (const [name, resource] of right) if (left.get(name) !== resource || !left.has(name)) return false;
  return true;
}
