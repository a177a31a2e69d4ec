import { createHash } from "node:crypto";
import type { Authority } from "../certificates/authority.ts";
import { proxyUri } from "../certificates/proxy-identity.ts";
import type { Collection } from "../collections/collection.ts";
import { type Difference, differences } from "../infrastructure/difference.ts";
import type { Fleet } from "../infrastructure/fleet.ts";
import type { Infrastructure } from "../infrastructure/infrastructure.ts";
import type { Manifest } from "../infrastructure/manifest.ts";
import { proxySecret, usableKeyPair } from "../infrastructure/proxy-secret.ts";
import { ApiError } from "../kubernetes/api-error.ts";
import type { ApiObject } from "../kubernetes/api-object.ts";
import type { KubernetesClient } from "../kubernetes/client.ts";
import { field } from "../resources/field.ts";
import { keyOf } from "../resources/object.ts";
import { ownsField } from "./field-ownership.ts";
import { isOwnedBy, type OwnedObjects, ownedResources } from "./owned-objects.ts";
import { type Backlog, WorkQueue, type WorkQueueOptions } from "./work-queue.ts";
import { isRolledOut, isWorkload, takesNodePorts } from "./workloads.ts";

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
/** Keeps a number of replicas that is no longer ours as it is, until an autoscaler or a person sets another. */
const replicasManager = "gatewright-replicas";
/** What was applied: a field that is no longer wanted is a difference that the object itself does not show. */
const appliedAnnotation = "gatewright.dev/applied";

interface Tolerated {
  /** Hash of what was applied. */
  readonly applied: string;
  /** What the API server has instead, as JSON by path. */
  readonly values: ReadonlyMap<string, string | undefined>;
}

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
  /** What the API server writes in its own way ("1000m" as "1"), by object. */
  readonly #tolerated = new Map<string, Tolerated>();

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
    // The pods wait for the Secret.
    const all = [...(fleet === undefined ? [] : [await this.#secret(fleet)]), ...manifests];
    const refused: Error[] = [];
    const attempt = async (work: () => Promise<void>) => {
      try {
        await work();
      } catch (error) {
        if (!isRefusal(error)) throw error;
        refused.push(error);
      }
    };
    // What is refused keeps nothing else from being made.
    for (const manifest of all) await attempt(() => this.#apply(manifest));
    await attempt(() => this.#removeOthers(key, all));
    problem(key, refused.length === 0 ? undefined : refused.map(({ message }) => message).join(" "));
    const [first] = refused;
    if (first !== undefined) throw first;
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
    const place = `${kind}/${namespace}/${name}`;
    const live = owned.get(kind, namespace, name);
    if (live !== undefined) {
      const tolerated = this.#tolerated.get(place);
      const isTolerated = (difference: Difference) =>
        tolerated?.applied === applied && tolerated.values.get(difference.path) === JSON.stringify(difference.live);
      if (differences(live, desired).every(isTolerated)) return;
    }
    // An object without our label is not in what we watch.
    const existing = live ?? (await client.get(ownedResources[kind], { namespace, name }, { metadataOnly: true }));
    const [owner] = metadata.ownerReferences;
    if (existing !== undefined && !isOwnedBy(existing, owner?.uid ?? "")) {
      throw new ForeignObject(
        `${kind} ${namespace}/${name} exists and does not belong to this ${owner?.kind}; rename one of them.`,
      );
    }
    if (live !== undefined) await this.#keepReplicas(live, desired);
    const answer = await client.apply(ownedResources[kind], desired, { fieldManager, force: true });
    const remaining = differences(answer, desired).map(
      ({ path, live: value }) => [path, JSON.stringify(value)] as const,
    );
    if (remaining.length > 0) this.#tolerated.set(place, { applied, values: new Map(remaining) });
    else this.#tolerated.delete(place);
    owned.answered(kind, answer);
  }

  /**
   * Fields that an applier gives up are set back to their defaults, unless somebody else has them: one proxy would be left of many
   * until an autoscaler, which is to decide from now on, has looked at it.
   */
  async #keepReplicas(live: ApiObject, desired: Manifest): Promise<void> {
    const { kind, apiVersion, metadata } = desired;
    const replicas = field(live, "spec", "replicas");
    if (kind !== "Deployment" || field(desired, "spec", "replicas") !== undefined || replicas === undefined) return;
    if (!ownsField(live, fieldManager, ["f:spec", "f:replicas"])) return;
    const { name, namespace } = metadata;
    await this.#options.client.apply(
      ownedResources[kind],
      { apiVersion, kind, metadata: { name, namespace }, spec: { replicas } },
      { fieldManager: replicasManager, force: true },
    );
  }

  async #removeOthers(key: string, wanted: readonly Manifest[]): Promise<void> {
    const { client, owned } = this.#options;
    const kept = new Set(wanted.map(({ kind, metadata }) => `${kind}/${keyOf({ metadata })}`));
    for (const [kind, object] of owned.of(key)) {
      const { namespace, name, uid } = object.metadata;
      if (kept.has(`${kind}/${keyOf(object)}`)) continue;
      if (isWorkload(kind) && this.#isAwaited(object, wanted)) continue;
      await client.delete(ownedResources[kind], { namespace, name }, { uid, propagationPolicy: "Background" });
      this.#tolerated.delete(`${kind}/${namespace}/${name}`);
    }
  }

  /** Whether a workload still serves until the one that takes its place does. Its changes are told by its watch. */
  #isAwaited(outgoing: ApiObject, wanted: readonly Manifest[]): boolean {
    const incoming = wanted.find(({ kind }) => isWorkload(kind));
    if (incoming === undefined) return false;
    // Both can't have the same port of a node, so the first has to go.
    if (takesNodePorts(outgoing) && takesNodePorts(incoming)) return false;
    const { namespace, name } = incoming.metadata;
    const live = this.#options.owned.get(incoming.kind, namespace, name);
    return live === undefined || !isRolledOut(live);
  }
}

/** The API server understood, and will not have it. */
function isRefusal(error: unknown): error is Error {
  return error instanceof ForeignObject || (error instanceof ApiError && error.status >= 400);
}
