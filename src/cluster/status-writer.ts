import type { Collection } from "../collections/collection.ts";
import { ApiError, isReason } from "../kubernetes/api-error.ts";
import type { ApiResource } from "../kubernetes/api-object.ts";
import type { KubernetesClient } from "../kubernetes/client.ts";
import { mergeStatus } from "../status/merge-status.ts";
import type { ObjectStatus } from "../status/object-status.ts";
import type { LiveObject, LiveObjects } from "./live-objects.ts";
import type { PaceOptions } from "./pace.ts";
import { type Backlog, WorkQueue, type WorkQueueOptions } from "./work-queue.ts";

export interface StatusWriterOptions {
  readonly client: Pick<KubernetesClient, "get" | "mergePatch">;
  /** What is to be written, by `Kind/namespace/name`. */
  readonly statuses: Collection<ObjectStatus>;
  readonly live: LiveObjects;
  /** How a kind is served; undefined if it no longer is. */
  readonly resourceOf: (group: string, kind: string) => ApiResource | undefined;
  readonly failed: WorkQueueOptions["failed"];
  /** Told of each status that was written, with the one that it replaced. */
  readonly written?: (object: LiveObject, before: unknown, after: unknown) => void;
  /** Told of what became of each attempt. */
  readonly attempted?: (kind: string, result: WriteResult) => void;
  readonly now?: () => Date;
}

/** conflict: somebody else wrote since, and it is compared anew. */
export type WriteResult = "written" | "conflict" | "refused" | "unreachable";

/** A Gateway counts its routes, and each that comes or goes is news: a thousand in four minutes are at most fifty writes. */
export const statusPace: PaceOptions = {
  burst: 4,
  spacingMs: 2_000,
  longestSpacingMs: 20_000,
  pauseMs: 20,
  asksPerPause: 40,
};

/**
 * Writes what differs between the statuses that we derive and those that the API server has, and nothing else.
 *
 * A status is read back from the API server's own watch, so a restart in an unchanged world writes nothing. It is written
 * against the version that it was compared with: a conflict means that somebody else wrote, and then it is read and compared
 * anew.
 */
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  readonly #queue: WorkQueue;
  readonly #unsubscribe: () => void;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
    this.#queue = new WorkQueue({
      work: (key) => this.#write(key),
      failed: options.failed,
      concurrency: 16,
      settleMs: 20,
      pace: statusPace,
      // One that many people look at does not wait for a thousand routes.
      first: (key) => key.startsWith("Gateway/"),
    });
    this.#unsubscribe = options.statuses.subscribe((changes) => {
      // What is gone has no status to be written, and its key would be remembered for ever.
      for (const { key } of changes) if (options.live.get(key) !== undefined) this.#queue.add(key);
    });
  }

  /** The API server shows other versions of these. */
  seen(keys: readonly string[]): void {
    for (const key of keys) {
      if (this.#options.live.get(key) === undefined) this.#queue.forget(key);
      else if (this.#difference(key) !== undefined) this.#queue.add(key);
    }
  }

  /** We are the leader: looks at everything once, then writes what changes. */
  start(): void {
    this.seen([...this.#options.live.keys()]);
    this.#queue.resume();
  }

  stop(): void {
    this.#queue.pause();
  }

  /** Resolves when nothing is left to be written. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  get backlog(): Backlog {
    return this.#queue.backlog;
  }

  close(): void {
    this.#unsubscribe();
    this.#queue.close();
  }

  #difference(key: string): { readonly object: LiveObject; readonly status: object } | undefined {
    const object = this.#options.live.get(key);
    if (object === undefined) return undefined;
    const desired = this.#options.statuses.get(key)?.status ?? withdrawn(object);
    const now = this.#options.now?.() ?? new Date();
    const status = desired && mergeStatus(object.kind, object.status, desired, now);
    return status === undefined ? undefined : { object, status };
  }

  async #write(key: string): Promise<void> {
    const { client, live, written, attempted } = this.#options;
    const difference = this.#difference(key);
    if (difference === undefined) return;
    const { object, status } = difference;
    const resource = this.#options.resourceOf(object.group, object.kind);
    if (resource === undefined) return;
    const { name, namespace, resourceVersion } = object;
    try {
      const patch = { metadata: { resourceVersion }, status };
      const answer = await client.mergePatch(resource, { name, namespace }, patch, { subresource: "status" });
      live.answered(key, answer);
      attempted?.(object.kind, "written");
      written?.(object, object.status, status);
    } catch (error) {
      if (isReason(error, "NotFound")) return;
      attempted?.(object.kind, resultOf(error));
      if (isReason(error, "Conflict")) {
        const fresh = await client.get(resource, { name, namespace });
        if (fresh !== undefined) live.answered(key, fresh);
      }
      throw error;
    }
  }
}

function resultOf(error: unknown): WriteResult {
  if (isReason(error, "Conflict")) return "conflict";
  return error instanceof ApiError && error.status >= 400 ? "refused" : "unreachable";
}

/** What is left of a status when we have nothing to say of the object any more: no entry of ours. */
function withdrawn({ status }: LiveObject): object | undefined {
  if (typeof status !== "object" || status === null) return undefined;
  if ("parents" in status) return { parents: [] };
  return "ancestors" in status ? { ancestors: [] } : undefined;
}
