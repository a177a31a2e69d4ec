import { gatewayGroup } from "../gateway/route-kind.ts";
import type { KubernetesObject } from "../resources/object.ts";
import type { ResourceBatch, ResourceChange, ResourceSink } from "../sources/source.ts";

/** An object whose status is ours to write, as the API server last showed it. */
export interface LiveObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly status: unknown;
}

/** The groups whose objects have a status of ours. */
const groups: ReadonlySet<string> = new Set([gatewayGroup, "gateway.networking.x-k8s.io", "gatewright.dev"]);

/**
 * Stands between the source and the control plane: keeps what the API server says of statuses, and passes on everything
 * else.
 *
 * Without it, each status that we write would come back as a changed object, and everything that is derived from it would be
 * derived again.
 */
export class LiveObjects implements ResourceSink {
  readonly #next: ResourceSink;
  readonly #objects = new Map<string, LiveObject>();
  readonly #changed: (keys: readonly string[]) => void;

  /** @param changed told which objects (by `Kind/namespace/name`) came, changed or went */
  constructor(next: ResourceSink, changed: (keys: readonly string[]) => void) {
    this.#next = next;
    this.#changed = changed;
  }

  apply(batch: ResourceBatch): void {
    const keys: string[] = [];
    const changes = batch.changes.map((change): ResourceChange => {
      const { object } = change;
      const key = `${change.kind}/${change.key}`;
      if (object === undefined) {
        if (this.#objects.delete(key)) keys.push(key);
        return change;
      }
      if (!groups.has(object.apiVersion.split("/")[0] ?? "")) return change;
      const live = liveObject(object);
      // A version that we wrote may be shown again, later, by a watch that is behind.
      if (!isOlder(live.resourceVersion, this.#objects.get(key)?.resourceVersion)) this.#objects.set(key, live);
      keys.push(key);
      return { ...change, object: withoutStatus(object) };
    });
    this.#next.apply({ ...batch, changes });
    this.#changed(keys);
  }

  get(key: string): LiveObject | undefined {
    return this.#objects.get(key);
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys();
  }

  /** The API server answered with a newer version than its watch has shown. */
  update(key: string, object: KubernetesObject): void {
    const known = this.#objects.get(key);
    const live = liveObject(object);
    if (known !== undefined && !isOlder(live.resourceVersion, known.resourceVersion)) this.#objects.set(key, live);
  }
}

function liveObject(object: KubernetesObject & { readonly status?: unknown }): LiveObject {
  const { name, namespace, uid = "", resourceVersion = "" } = object.metadata;
  const { apiVersion, kind, status } = object;
  return { apiVersion, kind, name, uid, resourceVersion, status, ...(namespace === undefined ? {} : { namespace }) };
}

/** Kubernetes v1.35 allows resource versions of one object to be compared as numbers. */
function isOlder(version: string, than: string | undefined): boolean {
  if (than === undefined) return false;
  return version.length === than.length ? version < than : version.length < than.length;
}

function withoutStatus(object: KubernetesObject): KubernetesObject {
  const { status: _status, ...rest }: KubernetesObject & { readonly status?: unknown } = object;
  const { resourceVersion: _version, ...metadata } = rest.metadata;
  return { ...rest, metadata };
}
