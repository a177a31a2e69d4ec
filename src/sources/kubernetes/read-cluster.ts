import { isReason } from "../../kubernetes/api-error.ts";
import { type ApiObject, type ApiResource, resourceOf } from "../../kubernetes/api-object.ts";
import type { KubernetesClient } from "../../kubernetes/client.ts";
import { servedResources } from "../../kubernetes/discovery.ts";
import type { Kind } from "../../resources/kinds.ts";
import { isOptional } from "./custom-resources.ts";
import { selectionsOf } from "./scope.ts";

/** The objects of a kind at one moment. */
export interface ReadKind {
  readonly kind: Kind;
  /**
   * `partly`: those of one namespace, since whoever asks may not read the others. `refused`: not even those. `absent`: the
   * cluster has no such kind.
   */
  readonly extent: "whole" | "partly" | "refused" | "absent";
  /** As the API server has them, but for managed fields. */
  readonly objects: readonly ApiObject[];
}

export interface ReadOptions {
  /** Only this namespace. All if absent. */
  readonly namespace?: string | undefined;
  /** Where all namespaces may not be read, this one is read instead. */
  readonly fallback?: string | undefined;
}

const pageSize = 500;

/** Reads kinds once, all at a time. @throws ApiError, AccessError */
export async function readCluster(
  client: KubernetesClient,
  kinds: readonly Kind[],
  options: ReadOptions = {},
): Promise<readonly ReadKind[]> {
  const groups = [...new Set(kinds.filter(isOptional).map(({ group }) => group))];
  const served = (await Promise.all(groups.map((group) => servedResources(client, group)))).flat();
  return await Promise.all(kinds.map((kind) => readKind(client, kind, resourceFor(kind, served), options)));
}

function resourceFor(kind: Kind, served: readonly ApiResource[]): ApiResource | undefined {
  if (!isOptional(kind)) return resourceOf(kind, kind.versions[0]);
  const versions = served.filter(({ group, plural }) => group === kind.group && plural === kind.plural);
  const version = kind.versions.find((known) => versions.some((it) => it.version === known));
  return version === undefined ? undefined : resourceOf(kind, version);
}

async function readKind(
  client: KubernetesClient,
  kind: Kind,
  resource: ApiResource | undefined,
  { namespace, fallback }: ReadOptions,
): Promise<ReadKind> {
  if (resource === undefined) return { kind, extent: "absent", objects: [] };
  const scope = namespace !== undefined && kind.namespaced ? { namespaces: [namespace] } : {};
  try {
    const lists = await Promise.all(
      selectionsOf(kind, scope).map((selection) => readAll(client, resource, { ...selection, limit: pageSize })),
    );
    return { kind, extent: "whole", objects: lists.flat() };
  } catch (error) {
    if (!isReason(error, "Forbidden")) throw error;
    if (namespace !== undefined || fallback === undefined || !kind.namespaced) {
      return { kind, extent: "refused", objects: [] };
    }
    const { extent, objects } = await readKind(client, kind, resource, { namespace: fallback });
    return { kind, extent: extent === "whole" ? "partly" : extent, objects };
  }
}

async function readAll(
  client: KubernetesClient,
  resource: ApiResource,
  options: Parameters<KubernetesClient["list"]>[1],
): Promise<readonly ApiObject[]> {
  const objects: ApiObject[] = [];
  for await (const { items } of client.list(resource, options)) {
    for (const item of items) objects.push(whole(item, resource));
  }
  return objects;
}

/** Items of Kubernetes' own lists don't say what they are, since the list does. */
function whole(item: ApiObject, { group, version, kind }: ApiResource): ApiObject {
  const { managedFields: _, ...metadata } = item.metadata;
  return { ...item, apiVersion: group === "" ? version : `${group}/${version}`, kind, metadata };
}
