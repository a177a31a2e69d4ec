import { isDeepStrictEqual } from "node:util";
import { isReason } from "../../kubernetes/api-error.ts";
import { type ApiObject, resourceOf } from "../../kubernetes/api-object.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import type { ReflectedChange, ReflectorFailure } from "../../kubernetes/reflector.ts";
import type { Finding } from "../../resources/finding.ts";
import type { Kind } from "../../resources/kinds.ts";
import { type KubernetesObject, keyOf } from "../../resources/object.ts";
import type { ResourceReference } from "../../resources/origin.ts";
import { shared } from "../../strings/shared.ts";
import { sharingParts } from "../../strings/shared-parts.ts";
import type { ResourceChange, ResourceSink, ResourceSource } from "../source.ts";
import { CustomResources, isOptional, type ServedKind } from "./custom-resources.ts";
import { decode } from "./decode.ts";
import { KindFollower } from "./kind-follower.ts";
import { selectionsOf } from "./scope.ts";
import { type SourceLogger, silent } from "./source-logger.ts";

/** What the API server holds of an object besides what it means: for whoever writes its status. */
export interface ObservedObject {
  readonly reference: ResourceReference;
  readonly uid: string | undefined;
  readonly generation: number | undefined;
  readonly resourceVersion: string | undefined;
  readonly status: unknown;
}

export interface WatchClusterOptions {
  /** Kinds to follow. `Endpoints` is left out: Kubernetes mirrors them into EndpointSlices. */
  readonly kinds: readonly Kind[];
  /** Only these namespaces, and the cluster-scoped kinds. All if absent. */
  readonly namespaces?: readonly string[];
  /** Only Gateway API objects with these labels. Services and what they need are followed whatever their labels. */
  readonly labelSelector?: string;
  readonly logger?: SourceLogger;
  /**
   * Told of every version of every custom resource, also of those that change nothing but status, and before what it
   * changes is applied. `undefined` when it is gone.
   */
  readonly observed?: (key: string, object: ObservedObject | undefined) => void;
  /** Told which custom resources the cluster has: at first, before anything is applied, and after each change. */
  readonly served?: (served: readonly ServedKind[]) => void;
}

/** A burst of events is one batch, which waits no longer than this for its end. */
const longestBurstMs = 5;
/**
 * Most of what a batch costs is the same whatever is in it. So one that follows another waits for so many times as long as that took,
 * no longer than this; a change that comes alone never does. Endpoints never do, either: until Envoy has those, requests go to pods
 * that are gone.
 */
const restFactor = 10;
const longestRestMs = 10;
const urgentKind = "EndpointSlice";

/**
 * Serves the resources of a cluster, and follows every change until it is closed.
 *
 * The first batch is everything there is, once every first list is complete: until then nothing is told. After that,
 * events that come together are one batch. Custom resources that the cluster lacks have no objects; when their
 * definitions come, go, or change versions, that is followed.
 *
 * An API server that can't be reached, or refuses, is tried again for ever; meanwhile everything stays as it was.
 *
 * @example
 *   const source = watchCluster(new KubernetesClient(findCluster({})), controlPlane, { kinds });
 *   await source.ready;
 */
export function watchCluster(
  client: KubernetesClient,
  sink: ResourceSink,
  options: WatchClusterOptions,
): ResourceSource {
  const source = new ClusterSource(client, sink, options);
  return { ready: source.ready, close: () => source.close() };
}

class ClusterSource {
  readonly ready: Promise<void>;
  readonly #sink: ResourceSink;
  readonly #options: WatchClusterOptions;
  readonly #logger: SourceLogger;
  readonly #followers = new Map<Kind, KindFollower>();
  readonly #stop = new AbortController();
  readonly #custom: Promise<void>;
  readonly #sharing = new Map<Kind, ReturnType<typeof sharingParts>>();
  /** What was told of every object. */
  readonly #objects = new Map<string, KubernetesObject>();
  /** Places with findings. */
  readonly #reported = new Set<string>();
  #pending = new Map<string, ResourceChange>();
  #findings = new Map<string, readonly Finding[]>();
  #opened: number | undefined;
  #restsUntil = Number.NEGATIVE_INFINITY;
  #resting: NodeJS.Timeout | undefined;
  #eventsInTurn = false;
  #knowsCustom = false;
  #applied = false;
  #resolveReady: () => void = () => {};

  constructor(client: KubernetesClient, sink: ResourceSink, options: WatchClusterOptions) {
    this.#sink = sink;
    this.#options = options;
    this.#logger = options.logger ?? silent;
    this.ready = new Promise((resolve) => {
      this.#resolveReady = resolve;
    });
    const kinds = options.kinds.filter(({ kind }) => kind !== "Endpoints");
    for (const kind of kinds) {
      const follower = new KindFollower({
        client,
        selections: selectionsOf(kind, options),
        // Of a namespace, only the labels are read.
        metadataOnly: kind.kind === "Namespace" && kind.group === "",
        apply: (changes) => this.#take(kind, changes),
        failed: (failure) => this.#failed(kind, failure),
        recovered: () => this.#logger.info({ kind: kind.kind }, "the API server answers again"),
      });
      this.#followers.set(kind, follower);
      this.#sharing.set(kind, sharingParts());
      if (!isOptional(kind)) follower.follow(resourceOf(kind, kind.versions[0]));
    }
    const optional = new CustomResources({
      client,
      kinds: kinds.filter(isOptional),
      logger: this.#logger,
      changed: (served) => this.#serve(served),
    });
    this.#custom = optional.run(this.#stop.signal);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#custom, ...[...this.#followers.values()].map((follower) => follower.close())]);
  }

  #serve(served: readonly ServedKind[]): void {
    if (this.#stop.signal.aborted) return;
    const missing = served.filter(({ resource }) => resource === undefined).map(({ kind }) => kind.kind);
    this.#logger.info({ missing }, "which of the kinds that are read the cluster lacks");
    this.#options.served?.(served);
    this.#knowsCustom = true;
    for (const { kind, resource } of served) this.#followers.get(kind)?.follow(resource);
    this.#settle();
  }

  #failed(kind: Kind, { error, delayMs, failures }: ReflectorFailure): void {
    const fields = { kind: kind.kind, error: String(error), delayMs, failures };
    if (isReason(error, "Forbidden")) {
      this.#logger.warn(
        fields,
        `${kind.plural} may not be read: grant get, list and watch on them to whoever this runs as`,
      );
    } else this.#logger.warn(fields, `${kind.plural} can't be read now`);
  }

  #take(kind: Kind, changes: readonly ReflectedChange[]): void {
    for (const { key, object } of changes) {
      if (object === undefined) this.#remove(kind, key);
      else this.#put(kind, key, object);
    }
    this.#settle(kind.kind === urgentKind);
  }

  #remove(kind: Kind, key: string): void {
    const place = `${kind.kind}/${key}`;
    if (isOptional(kind)) this.#options.observed?.(place, undefined);
    const before = this.#objects.get(place);
    if (this.#reported.delete(place)) this.#findings.set(place, []);
    if (before === undefined) return;
    this.#objects.delete(place);
    this.#change(kind, before, undefined);
  }

  #put(kind: Kind, key: string, raw: ApiObject): void {
    const place = shared(`${kind.kind}/${key}`);
    if (isOptional(kind)) this.#options.observed?.(place, observedOf(kind, raw));
    const before = this.#objects.get(place);
    if (before !== undefined && isOptional(kind) && onlyStatusDiffers(before, raw)) return;
    const { object, findings, reference } = decode(kind, raw, { contents: false });
    const all = object === undefined && before !== undefined ? [...findings, lastGoodVersion(reference)] : findings;
    if (all.length > 0 || this.#reported.has(place)) this.#findings.set(place, all);
    if (all.length > 0) this.#reported.add(place);
    else this.#reported.delete(place);
    if (object === undefined || (before !== undefined && isDeepStrictEqual(before, object))) return;
    const kept = this.#sharing.get(kind)?.(object) ?? object;
    this.#objects.set(place, kept);
    this.#change(kind, kept, kept);
  }

  #change(kind: Kind, named: KubernetesObject, object: KubernetesObject | undefined): void {
    const { namespace, name } = named.metadata;
    const reference = { group: kind.group, kind: kind.kind, ...(namespace !== undefined && { namespace }), name };
    const key = keyOf(named);
    this.#pending.set(`${kind.kind}/${key}`, { reference, key, kind: kind.kind, object });
  }

  /** Applies what is pending: everything at first, when all lists are complete; later when a burst of events has ended. */
  #settle(urgent = false): void {
    if (this.#stop.signal.aborted) return;
    if (!this.#applied) {
      const synced = this.#knowsCustom && [...this.#followers.values()].every((follower) => follower.synced);
      if (synced) this.#apply();
      return;
    }
    if (this.#pending.size === 0 && this.#findings.size === 0) return;
    this.#eventsInTurn = true;
    if (this.#opened !== undefined) {
      if (urgent && this.#resting !== undefined) this.#rested();
      return;
    }
    this.#opened = performance.now();
    const restMs = this.#restsUntil - this.#opened;
    if (restMs > 0 && !urgent) this.#resting = setTimeout(() => this.#rested(), restMs);
    else this.#awaitEnd();
  }

  #rested(): void {
    clearTimeout(this.#resting);
    this.#resting = undefined;
    this.#awaitEnd();
  }

  #awaitEnd(): void {
    this.#eventsInTurn = false;
    setImmediate(() => {
      if (this.#stop.signal.aborted) return;
      const waited = performance.now() - (this.#opened ?? 0);
      if (this.#eventsInTurn && waited < longestBurstMs) this.#awaitEnd();
      else this.#apply();
    });
  }

  #apply(): void {
    const changes = [...this.#pending.values()];
    const findings = this.#findings;
    this.#pending = new Map();
    this.#findings = new Map();
    const since = this.#opened;
    this.#opened = undefined;
    const first = !this.#applied;
    this.#applied = true;
    const started = performance.now();
    this.#sink.apply({ changes, findings, ...(since !== undefined && { since }) });
    const ended = performance.now();
    this.#restsUntil = ended + Math.min(longestRestMs, restFactor * (ended - started));
    if (first) this.#resolveReady();
  }
}

function observedOf(kind: Kind, { metadata, status }: ApiObject): ObservedObject {
  const { namespace, name, uid, generation, resourceVersion } = metadata;
  const reference = { group: kind.group, kind: kind.kind, ...(namespace !== undefined && { namespace }), name };
  return { reference, uid, generation, resourceVersion, status };
}

/** Custom resources count the changes of everything but metadata and status. */
function onlyStatusDiffers({ metadata: before }: KubernetesObject, { metadata: now }: ApiObject): boolean {
  if (before.generation === undefined || before.generation !== now.generation || before.uid !== now.uid) return false;
  const { "kubectl.kubernetes.io/last-applied-configuration": _, ...annotations } = now.annotations ?? {};
  return (
    isDeepStrictEqual({ ...before.labels }, { ...now.labels }) &&
    isDeepStrictEqual({ ...before.annotations }, annotations)
  );
}

function lastGoodVersion(reference: ResourceReference): Finding {
  return {
    severity: "warning",
    code: "last-good-version",
    message: "The object stays served as it was before this error.",
    origin: { resource: reference, path: [] },
  };
}
