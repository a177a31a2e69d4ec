import { gatewayAnnotation } from "../infrastructure/fleet.ts";
import type { ManifestKind } from "../infrastructure/manifest.ts";
import { managedBy } from "../infrastructure/names.ts";
import type { ApiObject, ApiResource } from "../kubernetes/api-object.ts";
import type { KubernetesClient } from "../kubernetes/client.ts";
import { Reflector, type ReflectorFailure } from "../kubernetes/reflector.ts";
import { isOlder } from "../kubernetes/resource-version.ts";
import { keyOf } from "../resources/object.ts";

/** The kinds that Gateways are given, as the API server serves them. */
export const ownedResources: Readonly<Record<ManifestKind, ApiResource>> = {
  ConfigMap: { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true },
  DaemonSet: { group: "apps", version: "v1", kind: "DaemonSet", plural: "daemonsets", namespaced: true },
  Deployment: { group: "apps", version: "v1", kind: "Deployment", plural: "deployments", namespaced: true },
  HorizontalPodAutoscaler: {
    group: "autoscaling",
    version: "v2",
    kind: "HorizontalPodAutoscaler",
    plural: "horizontalpodautoscalers",
    namespaced: true,
  },
  PodDisruptionBudget: {
    group: "policy",
    version: "v1",
    kind: "PodDisruptionBudget",
    plural: "poddisruptionbudgets",
    namespaced: true,
  },
  Secret: { group: "", version: "v1", kind: "Secret", plural: "secrets", namespaced: true },
  Service: { group: "", version: "v1", kind: "Service", plural: "services", namespaced: true },
  ServiceAccount: { group: "", version: "v1", kind: "ServiceAccount", plural: "serviceaccounts", namespaced: true },
};

export const ownedKinds: readonly ManifestKind[] = [
  "ConfigMap",
  "DaemonSet",
  "Deployment",
  "HorizontalPodAutoscaler",
  "PodDisruptionBudget",
  "Secret",
  "Service",
  "ServiceAccount",
];

export interface OwnedObjectsOptions {
  readonly client: KubernetesClient;
  readonly namespaces?: readonly string[];
  /** Something of these Gateways (`namespace/name`) and classes (`name`) came, changed or went. */
  readonly changed: (owners: ReadonlySet<string>) => void;
  readonly failed: (kind: ManifestKind, failure: ReflectorFailure) => void;
}

// A watch is behind by milliseconds. An object that it never shows was deleted before we had the answer.
const expectedMs = 30_000;

/**
 * What was made for Gateways and for the fleets of classes, as the API server has it: objects with our label, by whose they are.
 * Those of a Gateway beside a shared fleet have the class as owner, and name the Gateway.
 */
export class OwnedObjects {
  /** Resolves when everything is known that is there. */
  readonly ready: Promise<unknown>;
  readonly #objects = new Map<string, ApiObject>();
  /** What the API server answered with, until its watch shows it, or anything later. */
  readonly #expected = new Map<string, { readonly object: ApiObject; readonly until: number }>();
  readonly #byOwner = new Map<string, Set<string>>();
  readonly #stop = new AbortController();
  readonly #ended: Promise<unknown>;
  readonly #changed: OwnedObjectsOptions["changed"];

  constructor({ client, namespaces, changed, failed }: OwnedObjectsOptions) {
    this.#changed = changed;
    const labelSelector = Object.entries(managedBy)
      .map(([label, value]) => `${label}=${value}`)
      .join(",");
    const synced: Promise<void>[] = [];
    const running: Promise<void>[] = [];
    for (const kind of ownedKinds) {
      for (const namespace of namespaces ?? [undefined]) {
        const first = withResolvers();
        synced.push(first.promise);
        const reflector = new Reflector({
          client,
          resource: ownedResources[kind],
          labelSelector,
          namespace,
          apply: (changes) => {
            const owners = changes.flatMap(({ key, object }) => this.#take(`${kind}/${key}`, object));
            first.resolve();
            if (owners.length > 0) this.#changed(new Set(owners));
          },
          failed: (failure) => failed(kind, failure),
        });
        running.push(reflector.run(this.#stop.signal));
      }
    }
    this.ready = Promise.all(synced);
    this.#ended = Promise.all(running);
  }

  get(kind: ManifestKind, namespace: string, name: string): ApiObject | undefined {
    const key = `${kind}/${namespace}/${name}`;
    const expected = this.#expected.get(key);
    return (
      this.#objects.get(key) ??
      (expected !== undefined && performance.now() < expected.until ? expected.object : undefined)
    );
  }

  /** Everything that is a Gateway's (`namespace/name`), or of the fleet of a class (`name`). */
  of(owner: string): readonly (readonly [kind: ManifestKind, object: ApiObject])[] {
    return [...(this.#byOwner.get(owner) ?? [])].flatMap((key) => {
      const object = this.#objects.get(key);
      const kind = ownedKinds.find((candidate) => key.startsWith(`${candidate}/`));
      return object === undefined || kind === undefined ? [] : [[kind, object] as const];
    });
  }

  /** Those that have something. */
  owners(): readonly string[] {
    return [...this.#byOwner.keys()];
  }

  /** The API server answered with a version that its watch may not have shown yet. */
  answered(kind: ManifestKind, object: ApiObject): void {
    const key = `${kind}/${keyOf(object)}`;
    const known = this.#objects.get(key);
    if (known === undefined) this.#expected.set(key, { object, until: performance.now() + expectedMs });
    else if (isOlder(versionOf(known), versionOf(object))) this.#objects.set(key, object);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  /** @returns those that are concerned */
  #take(key: string, object: ApiObject | undefined): readonly string[] {
    const before = this.#objects.get(key);
    this.#expected.delete(key);
    // We may have had this, or a later one, as the answer to a write of ours.
    const isOutdated = before?.metadata.uid === object?.metadata.uid && isOutdatedBy(object, before);
    if (isOutdated) return [];
    const owners = [before, object].flatMap((version) => ownerOf(version) ?? []);
    if (before !== undefined) this.#unlink(ownerOf(before), key);
    if (object === undefined) this.#objects.delete(key);
    else {
      this.#objects.set(key, object);
      this.#link(ownerOf(object), key);
    }
    return owners;
  }

  #link(owner: string | undefined, key: string): void {
    if (owner === undefined) return;
    const keys = this.#byOwner.get(owner);
    if (keys === undefined) this.#byOwner.set(owner, new Set([key]));
    else keys.add(key);
  }

  #unlink(owner: string | undefined, key: string): void {
    const keys = this.#byOwner.get(owner ?? "");
    keys?.delete(key);
    if (keys?.size === 0) this.#byOwner.delete(owner ?? "");
  }
}

function versionOf({ metadata }: ApiObject): string {
  return metadata.resourceVersion ?? "";
}

function isOutdatedBy(object: ApiObject | undefined, known: ApiObject | undefined): boolean {
  return object !== undefined && known !== undefined && isOlder(versionOf(object), versionOf(known));
}

interface OwnerReference {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

function ownerReferenceOf({ metadata }: ApiObject): OwnerReference | undefined {
  const references = metadata["ownerReferences"];
  return Array.isArray(references) ? references.find(isOurs) : undefined;
}

function isOurs(value: unknown): value is OwnerReference {
  if (typeof value !== "object" || value === null || !("kind" in value)) return false;
  return value.kind === "Gateway" || value.kind === "GatewayClass";
}

function ownerOf(object: ApiObject | undefined): string | undefined {
  const owner = object && ownerReferenceOf(object);
  if (owner === undefined) return undefined;
  if (owner.kind === "Gateway") return `${object?.metadata.namespace ?? "default"}/${owner.name}`;
  return object?.metadata.annotations?.[gatewayAnnotation] ?? owner.name;
}

/** Whether an object belongs to this very Gateway or class, not to one that had its name before. */
export function isOwnedBy(object: ApiObject, uid: string): boolean {
  return ownerReferenceOf(object)?.uid === uid;
}

function withResolvers(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
