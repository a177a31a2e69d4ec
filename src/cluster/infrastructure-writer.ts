import { createHash } from "node:crypto";
import type { Authority } from "../certificates/authority.ts";
import { proxyUri } from "../certificates/proxy-identity.ts";
import type { Collection } from "../collections/collection.ts";
import { differences } from "../infrastructure/difference.ts";
import type { Fleet } from "../infrastructure/fleet.ts";
import type { Infrastructure } from "../infrastructure/infrastructure.ts";
import type { Manifest } from "../infrastructure/manifest.ts";
import { proxySecret, usableKeyPair } from "../infrastructure/proxy-secret.ts";
import { ApiError } from "../kubernetes/api-error.ts";
import type { KubernetesClient } from "../kubernetes/client.ts";
import { keyOf } from "../resources/object.ts";
import { isOwnedBy, type OwnedObjects, ownedResources } from "./owned-objects.ts";
import { type Backlog, WorkQueue, type WorkQueueOptions } from "./work-queue.ts";

export interface InfrastructureWriterOptions {
  readonly client: Pick<KubernetesClient, "get" | "apply" | "delete">;
  /** By Gateway, and by class for shared fleets. */
  readonly infrastructure: Collection<Infrastructure>;
  readonly owned: Pick<OwnedObjects, "get" | "of" | "owners" | "answered">;
  /** Whether a Gateway or a fleet is nobody's, or somebody else's: what it was given is taken away. */
  readonly isGone: (owner: string) => boolean;
  readonly authority: () => Authority;
  readonly failed: WorkQueueOptions["failed"];
  /** What keeps objects from being as they are to be, in words; undefined when nothing does any more. */
  readonly problem: (owner: string, message: string | undefined) => void;
}

const fieldManager = "gatewright";
/** What was applied: a field that is no longer wanted is a difference that the object itself does not show. */
const appliedAnnotation = "gatewright.dev/applied";

/** An object of the name that we need belongs to somebody else. */
class ForeignObject extends Error {}

/**
 * Makes what Gateways are given in the cluster what it is to be, mends it when somebody changes it, and takes it away.
 *
 * Only differences are written (server-side apply), and nothing that does not belong to the Gateway or class is touched: an object of
 * somebody else under a name that is needed is left alone and told.
 */
export class InfrastructureWriter {
  readonly #options: InfrastructureWriterOptions;
  readonly #queue: WorkQueue;
  readonly #unsubscribe: () => void;
  /** Paths that the API server writes in its own way ("1000m" as "1"), by object and what was applied. */
  readonly #tolerated = new Map<string, ReadonlySet<string>>();

  constructor(options: InfrastructureWriterOptions) {
    this.#options = options;
    this.#queue = new WorkQueue({
      work: (key) => this.#reconcile(key),
      failed: options.failed,
      concurrency: 8,
      settleMs: 10,
    });
    this.#unsubscribe = options.infrastructure.subscribe((changes) => this.seen(changes.map(({ key }) => key)));
  }

  /** Something about these Gateways and classes, or about what they own, is new. */
  seen(owners: Iterable<string>): void {
    for (const key of owners) this.#queue.add(key);
  }

  /** We are the leader: looks at everything once, then at what changes. */
  start(): void {
    this.seen(
      new Set([...this.#options.infrastructure.entries()].map(([key]) => key).concat(this.#options.owned.owners())),
    );
    this.#queue.resume();
  }

  stop(): void {
    this.#queue.pause();
  }

  get backlog(): Backlog {
    return this.#queue.backlog;
  }

  close(): void {
    this.#unsubscribe();
    this.#queue.close();
  }

  async #reconcile(key: string): Promise<void> {
    const { infrastructure, problem } = this.#options;
    const wanted = infrastructure.get(key);
    // Its parameters can't be read: what runs stays as it is.
    if (wanted === undefined && !this.#options.isGone(key)) return;
    const { manifests, fleet } = wanted ?? { manifests: [] };
    try {
      // The Deployment's pods wait for the Secret.
      const all = [...(fleet === undefined ? [] : [await this.#secret(fleet)]), ...manifests];
      for (const manifest of all) await this.#apply(manifest);
      await this.#removeOthers(key, all);
      problem(key, undefined);
    } catch (error) {
      const understood = error instanceof ForeignObject || (error instanceof ApiError && error.status >= 400);
      if (understood) problem(key, error.message);
      throw error;
    }
  }

  async #secret(fleet: Fleet): Promise<Manifest> {
    const authority = this.#options.authority();
    const { proxy, metadata } = fleet;
    const { namespace, name } = metadata;
    const live = this.#options.owned.get("Secret", namespace, name);
    const known = live && usableKeyPair(live["data"], authority, proxy, new Date());
    const pair = known ?? (await authority.issue({ end: "client", uri: proxyUri(proxy) }));
    return proxySecret(fleet, pair, authority.trusted);
  }

  async #apply(manifest: Manifest): Promise<void> {
    const { client, owned } = this.#options;
    const { kind, metadata } = manifest;
    const { namespace, name } = metadata;
    const applied = createHash("sha256").update(JSON.stringify(manifest)).digest("hex").slice(0, 16);
    const desired = {
      ...manifest,
      metadata: { ...metadata, annotations: { ...metadata.annotations, [appliedAnnotation]: applied } },
    };
    const place = `${kind}/${namespace}/${name}/${applied}`;
    const live = owned.get(kind, namespace, name);
    if (live !== undefined) {
      const tolerated = this.#tolerated.get(place);
      if (differences(live, desired).every((path) => tolerated?.has(path))) return;
    }
    // An object without our label is not in what we watch.
    const existing = live ?? (await client.get(ownedResources[kind], { namespace, name }, { metadataOnly: true }));
    const [owner] = metadata.ownerReferences;
    if (existing !== undefined && !isOwnedBy(existing, owner?.uid ?? "")) {
      throw new ForeignObject(
        `${kind} ${namespace}/${name} exists and does not belong to this ${owner?.kind}; rename one of them.`,
      );
    }
    const answer = await client.apply(ownedResources[kind], desired, { fieldManager, force: true });
    const remaining = differences(answer, desired);
    if (remaining.length > 0) this.#tolerated.set(place, new Set(remaining));
    owned.answered(kind, answer);
  }

  async #removeOthers(key: string, wanted: readonly Manifest[]): Promise<void> {
    const { client, owned } = this.#options;
    const kept = new Set(wanted.map(({ kind, metadata }) => `${kind}/${keyOf({ metadata })}`));
    for (const [kind, { metadata }] of owned.of(key)) {
      const { namespace, name, uid } = metadata;
      if (kept.has(`${kind}/${keyOf({ metadata })}`)) continue;
      await client.delete(ownedResources[kind], { namespace, name }, { uid, propagationPolicy: "Background" });
    }
  }
}
