import { createHash } from "node:crypto";
import type { Authority } from "../certificates/authority.ts";
import { proxyUri } from "../certificates/proxy-identity.ts";
import type { Collection } from "../collections/collection.ts";
import { differences } from "../infrastructure/difference.ts";
import type { Manifest } from "../infrastructure/manifest.ts";
import { proxySecret, proxySecretName, usableKeyPair } from "../infrastructure/proxy-secret.ts";
import { ApiError } from "../kubernetes/api-error.ts";
import type { KubernetesClient } from "../kubernetes/client.ts";
import type { Gateway } from "../resources/generated/gateway-api.ts";
import { isOwnedBy, type OwnedObjects, ownedResources } from "./owned-objects.ts";
import { type Backlog, WorkQueue, type WorkQueueOptions } from "./work-queue.ts";

export interface InfrastructureWriterOptions {
  readonly client: Pick<KubernetesClient, "get" | "apply" | "delete">;
  readonly gateways: Collection<Gateway>;
  readonly manifests: Collection<readonly Manifest[]>;
  readonly owned: Pick<OwnedObjects, "get" | "of" | "gateways" | "answered">;
  /** Whether a Gateway is nobody's, or somebody else's: what it was given is taken away. */
  readonly isGone: (gateway: string) => boolean;
  readonly authority: () => Authority;
  readonly failed: WorkQueueOptions["failed"];
  /** What keeps a Gateway's objects from being as they are to be, in words; undefined when nothing does any more. */
  readonly problem: (gateway: string, message: string | undefined) => void;
}

const fieldManager = "gatewright";
/** What was applied: a field that is no longer wanted is a difference that the object itself does not show. */
const appliedAnnotation = "gatewright.dev/applied";

/** An object of the name that we need belongs to somebody else. */
class ForeignObject extends Error {}

/**
 * Makes what Gateways are given in the cluster what it is to be, mends it when somebody changes it, and takes it away.
 *
 * Only differences are written (server-side apply), and nothing that does not belong to the Gateway is touched: an object of
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
    this.#unsubscribe = options.manifests.subscribe((changes) => this.seen(changes.map(({ key }) => key)));
  }

  /** Something about these Gateways, or about what they own, is new. */
  seen(gateways: Iterable<string>): void {
    for (const key of gateways) this.#queue.add(key);
  }

  /** We are the leader: looks at everything once, then at what changes. */
  start(): void {
    this.seen(
      new Set([...this.#options.manifests.entries()].map(([key]) => key).concat(this.#options.owned.gateways())),
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
    const { gateways, manifests, problem } = this.#options;
    const gateway = gateways.get(key);
    if (gateway === undefined && !this.#options.isGone(key)) return;
    const wanted = gateway === undefined ? [] : manifests.get(key);
    // Its parameters can't be read: what runs stays as it is.
    if (wanted === undefined) return;
    try {
      if (gateway !== undefined && gateway.metadata.deletionTimestamp === undefined) {
        const secret = await this.#secret(gateway, key);
        // The Deployment's pods wait for the Secret.
        for (const manifest of [secret, ...wanted]) await this.#apply(manifest, gateway);
      }
      await this.#removeOthers(key, wanted, gateway);
      problem(key, undefined);
    } catch (error) {
      const understood = error instanceof ForeignObject || (error instanceof ApiError && error.status >= 400);
      if (understood) problem(key, error.message);
      throw error;
    }
  }

  async #secret(gateway: Gateway, proxy: string): Promise<Manifest> {
    const authority = this.#options.authority();
    const { namespace, name } = proxySecretName(gateway);
    const live = this.#options.owned.get("Secret", namespace, name);
    const known = live && usableKeyPair(live["data"], authority, proxy, new Date());
    const pair = known ?? (await authority.issue({ end: "client", uri: proxyUri(proxy) }));
    return proxySecret(gateway, pair, authority.trusted);
  }

  async #apply(manifest: Manifest, gateway: Gateway): Promise<void> {
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
    if (existing !== undefined && !isOwnedBy(existing, gateway.metadata.uid ?? "")) {
      throw new ForeignObject(
        `${kind} ${namespace}/${name} exists and does not belong to this Gateway; rename one of them.`,
      );
    }
    const answer = await client.apply(ownedResources[kind], desired, { fieldManager, force: true });
    const remaining = differences(answer, desired);
    if (remaining.length > 0) this.#tolerated.set(place, new Set(remaining));
    owned.answered(kind, answer);
  }

  async #removeOthers(key: string, wanted: readonly Manifest[], gateway: Gateway | undefined): Promise<void> {
    const { client, owned } = this.#options;
    const kept = new Set(wanted.map(({ kind, metadata }) => `${kind}/${metadata.name}`));
    const secret = gateway && proxySecretName(gateway).name;
    for (const [kind, { metadata }] of owned.of(key)) {
      const { namespace, name, uid } = metadata;
      if (kept.has(`${kind}/${name}`) || (kind === "Secret" && name === secret)) continue;
      await client.delete(ownedResources[kind], { namespace, name }, { uid, propagationPolicy: "Background" });
    }
  }
}
