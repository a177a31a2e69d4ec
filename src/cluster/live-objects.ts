import type { ApiObject } from "../kubernetes/api-object.ts";
import { isOlder } from "../kubernetes/resource-version.ts";
import { mergeStatus } from "../status/merge-status.ts";
import type { ObjectStatus } from "../status/object-status.ts";
import { sharingParts } from "../strings/shared-parts.ts";

/** An object whose status is ours to write, as the API server last showed it. */
export interface LiveObject {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly uid: string | undefined;
  readonly resourceVersion: string;
  readonly status: unknown;
}

/** The statuses that the API server has, by `Kind/namespace/name`: from its watch, and from its answers to our writes. */
export class LiveObjects {
  readonly #objects = new Map<string, LiveObject>();
  /** Statuses of thousands of routes say the same, in copies that the JSON parser made; by kind. */
  readonly #sharing = new Map<string, ReturnType<typeof sharingParts>>();

  get(key: string): LiveObject | undefined {
    return this.#objects.get(key);
  }

  /** A status that is to be, with the times that the API server has of its conditions. */
  withTimes({ reference: { kind }, status }: ObjectStatus, key: string, now = new Date()): unknown {
    const known = this.#objects.get(key)?.status;
    return mergeStatus(kind, known, status, now) ?? known;
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys();
  }

  /** The watch showed a version, or that the object is gone. */
  observe(key: string, object: LiveObject | undefined): void {
    if (object === undefined) {
      this.#objects.delete(key);
      return;
    }
    const known = this.#objects.get(key);
    // A version that we wrote may be followed by older ones, for the watch is behind; another uid is another object.
    if (known?.uid === object.uid && known !== undefined && isOlder(object.resourceVersion, known.resourceVersion))
      return;
    this.#objects.set(key, { ...object, status: this.#sharingOf(object.kind)(object.status) });
  }

  #sharingOf(kind: string): ReturnType<typeof sharingParts> {
    const known = this.#sharing.get(kind);
    if (known !== undefined) return known;
    const share = sharingParts();
    this.#sharing.set(kind, share);
    return share;
  }

  /** The API server answered with a version that its watch may not have shown yet. */
  answered(key: string, { metadata, status }: ApiObject & { readonly status?: unknown }): void {
    const known = this.#objects.get(key);
    if (known === undefined) return;
    this.observe(key, { ...known, uid: metadata.uid, resourceVersion: metadata.resourceVersion ?? "", status });
  }
}
