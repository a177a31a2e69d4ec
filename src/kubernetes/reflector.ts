import { setTimeout as wait } from "node:timers/promises";
import { keyOf } from "../resources/object.ts";
import { shared } from "../strings/shared.ts";
import { ApiError, isReason } from "./api-error.ts";
import type { ApiObject, ApiResource } from "./api-object.ts";
import { type BackoffBounds, defaultBackoff, fullJitter } from "./backoff.ts";
import type { KubernetesClient, Selection, WatchEvent } from "./client.ts";

/** One object that appeared, changed, or went. */
export interface ReflectedChange {
  /** `namespace/name`, or `name`. */
  readonly key: string;
  /** Absent when it is gone. */
  readonly object: ApiObject | undefined;
}

export interface ReflectorOptions extends Selection {
  readonly client: Pick<KubernetesClient, "list" | "watch">;
  readonly resource: ApiResource;
  /** Asks for metadata alone. */
  readonly metadataOnly?: boolean;
  /** Told of every change, in order. The first call is the whole first list, even if there is nothing in it. */
  readonly apply: (changes: readonly ReflectedChange[]) => void;
  /** It does not work now, and is tried again. */
  readonly failed?: (failure: ReflectorFailure) => void;
  /** It works again after {@link ReflectorOptions.failed}. */
  readonly recovered?: () => void;
  readonly backoff?: BackoffBounds;
  readonly random?: () => number;
}

export interface ReflectorFailure {
  readonly error: unknown;
  /** In a row, from 1. */
  readonly failures: number;
  readonly delayMs: number;
}

// As client-go does: pages of a size that API servers are tuned for, and watches that end now and then, so that clients
// spread over the servers anew.
const pageSize = 500;
const shortestWatchSeconds = 300;
// A watch that ends sooner, with nothing seen, counts as failed: a server that keeps ending them isn't asked without end.
const shortestWatchMs = 1000;

/**
 * A copy of a collection of an API server that stays true.
 *
 * It begins with WatchList where the server offers it, else with a list in pages, and then watches. Never does it ask
 * again for what it has: a watch that ends goes on at the last version seen, bookmarks included. Only when that is no
 * longer known (410) everything is read anew, and what differs from what is held is told, deletions too.
 *
 * After a failure it waits, longer each time, and as long as the server asks for.
 */
export class Reflector {
  readonly #options: ReflectorOptions;
  /** The version of every object that has been told. */
  readonly #held = new Map<string, string>();
  #version: string | undefined;
  #watchList = true;
  #listed = false;
  #failures = 0;
  #toldFailure = false;

  constructor(options: ReflectorOptions) {
    this.#options = options;
  }

  /** Has the first list been told? */
  get synced(): boolean {
    return this.#listed;
  }

  /** Follows the collection until it is aborted. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#follow(signal);
      } catch (error) {
        if (signal.aborted) return;
        await this.#recover(error, signal);
      }
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    if (this.#version === undefined && !this.#watchList) await this.#list(signal);
    const started = performance.now();
    const seen = await this.#watch(signal);
    if (seen === 0 && performance.now() - started < shortestWatchMs && !signal.aborted) {
      throw new ApiError("the server ends watches at once", { reason: "Unreachable", status: 200 });
    }
  }

  async #recover(cause: unknown, signal: AbortSignal): Promise<void> {
    if (this.#watchList && this.#version === undefined && isReason(cause, "Invalid", "BadRequest")) {
      // This is how servers say that they don't offer it.
      this.#watchList = false;
      return;
    }
    const expired = isReason(cause, "Expired") && this.#version !== undefined;
    if (expired) this.#version = undefined;
    this.#failures += 1;
    // Reading everything anew mends an expired version: there is nothing to wait for, the first time.
    if (expired && this.#failures === 1) return;
    const { backoff = defaultBackoff, random = Math.random, failed } = this.#options;
    const asked = cause instanceof ApiError ? (cause.retryAfterMs ?? 0) : 0;
    const delayMs = Math.max(asked, fullJitter(this.#failures, random(), backoff));
    this.#toldFailure = true;
    failed?.({ error: cause, failures: this.#failures, delayMs });
    await wait(delayMs, undefined, { signal }).catch(() => {});
  }

  #works(): void {
    this.#failures = 0;
    if (this.#toldFailure) this.#options.recovered?.();
    this.#toldFailure = false;
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, resource, metadataOnly } = this.#options;
    const found = new Map<string, ApiObject>();
    let version = "";
    for await (const page of client.list(resource, { ...this.#selection(), metadataOnly, limit: pageSize, signal })) {
      for (const object of page.items) found.set(shared(keyOf(object)), object);
      version = page.resourceVersion;
    }
    this.#replace(found, version);
    this.#works();
  }

  /** @returns how many events came */
  async #watch(signal: AbortSignal): Promise<number> {
    const { client, resource, metadataOnly, random = Math.random } = this.#options;
    // Until the bookmark that ends them, events of WatchList are a list.
    let initial = this.#version === undefined ? new Map<string, ApiObject>() : undefined;
    let seen = 0;
    const batches = client.watch(resource, {
      ...this.#selection(),
      metadataOnly,
      resourceVersion: this.#version,
      initialEvents: initial !== undefined,
      timeoutSeconds: Math.round(shortestWatchSeconds * (1 + random())),
      signal,
    });
    for await (const batch of batches) {
      seen += batch.length;
      let events = batch;
      if (initial !== undefined) {
        const end = batch.findIndex(isEndOfInitialEvents);
        for (const { type, object } of end === -1 ? batch : batch.slice(0, end)) {
          if (type === "ADDED" || type === "MODIFIED") initial.set(shared(keyOf(object)), object);
          else if (type === "DELETED") initial.delete(keyOf(object));
        }
        if (end === -1) continue;
        this.#replace(initial, versionOf(batch[end]));
        initial = undefined;
        events = batch.slice(end + 1);
      }
      this.#works();
      this.#take(events);
    }
    if (initial !== undefined && !signal.aborted) {
      throw new ApiError("the first list was cut off", { reason: "Unreachable", status: 200 });
    }
    return seen;
  }

  #replace(found: ReadonlyMap<string, ApiObject>, version: string): void {
    const changes: ReflectedChange[] = [];
    for (const [key, object] of found) {
      const { resourceVersion = "" } = object.metadata;
      if (this.#held.get(key) === resourceVersion) continue;
      this.#held.set(key, resourceVersion);
      changes.push({ key, object });
    }
    for (const key of this.#held.keys()) {
      if (found.has(key)) continue;
      this.#held.delete(key);
      changes.push({ key, object: undefined });
    }
    this.#version = version;
    const first = !this.#listed;
    this.#listed = true;
    if (first || changes.length > 0) this.#options.apply(changes);
  }

  #take(events: readonly WatchEvent[]): void {
    const changes: ReflectedChange[] = [];
    for (const { type, object } of events) {
      const { resourceVersion = "" } = object.metadata;
      if (type !== "BOOKMARK") {
        const key = shared(keyOf(object));
        if (type === "DELETED") {
          if (this.#held.delete(key)) changes.push({ key, object: undefined });
        } else if (this.#held.get(key) !== resourceVersion) {
          this.#held.set(key, resourceVersion);
          changes.push({ key, object });
        }
      }
      this.#version = resourceVersion;
    }
    if (changes.length > 0) this.#options.apply(changes);
  }

  #selection(): Selection {
    const { namespace, labelSelector, fieldSelector } = this.#options;
    return { namespace, labelSelector, fieldSelector };
  }
}

function isEndOfInitialEvents({ type, object }: WatchEvent): boolean {
  return type === "BOOKMARK" && object.metadata.annotations?.["k8s.io/initial-events-end"] === "true";
}

function versionOf(event: WatchEvent | undefined): string {
  return event?.object.metadata.resourceVersion ?? "";
}
