import { isReason } from "./api-error.ts";
import type { ApiResource } from "./api-object.ts";
import type { KubernetesClient } from "./client.ts";

/**
 * Every resource of a group that the server has now, in every version that it serves; none if there is no such group.
 *
 * Whoever may ask an API server for anything may ask for this. After a CustomResourceDefinition changed, it takes a moment
 * until it shows here.
 */
export async function servedResources(
  client: KubernetesClient,
  group: string,
  signal?: AbortSignal,
): Promise<readonly ApiResource[]> {
  const versions = await read<ApiGroup>(client, `/apis/${encodeURIComponent(group)}`, signal);
  const lists = await Promise.all(
    (versions?.versions ?? []).map(({ groupVersion }) =>
      read<ApiResourceList>(client, `/apis/${groupVersion}`, signal),
    ),
  );
  return lists.flatMap((list) =>
    (list?.resources ?? [])
      .filter(({ name }) => !name.includes("/"))
      .map(({ name, kind, namespaced }) => ({
        group,
        version: list?.groupVersion.split("/").at(-1) ?? "",
        kind,
        plural: name,
        namespaced,
      })),
  );
}

async function read<T>(client: KubernetesClient, path: string, signal?: AbortSignal): Promise<T | undefined> {
  try {
    return await client.read<T>(path, { ...(signal && { signal }) });
  } catch (error) {
    // A version may go between the two questions.
    if (isReason(error, "NotFound")) return undefined;
    throw error;
  }
}

interface ApiGroup {
  readonly versions?: readonly { readonly groupVersion: string }[];
}

interface ApiResourceList {
  readonly groupVersion: string;
  readonly resources?: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[];
}
