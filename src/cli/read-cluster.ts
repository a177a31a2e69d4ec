import type { ObjectWithStatus } from "../admin/objects.ts";
import { AccessError, type ClusterAccess } from "../kubernetes/access.ts";
import { ApiError } from "../kubernetes/api-error.ts";
import { KubernetesClient } from "../kubernetes/client.ts";
import { kinds } from "../resources/kinds.ts";
import { type ReadKind, type ReadOptions, readCluster } from "../sources/kubernetes/read-cluster.ts";
import type { Wanted } from "./query-objects.ts";
import { UsageError } from "./usage-error.ts";

/**
 * Objects as a cluster holds them, with the status that is written there.
 *
 * @throws UsageError if it can't be asked, or has nothing of the kind that is asked for
 */
export async function objectsOfCluster(
  access: ClusterAccess,
  { kind, namespace }: Wanted,
): Promise<readonly ObjectWithStatus[]> {
  const read = await askCluster(access, kind === undefined ? kinds : [kind], { namespace });
  const [only] = kind === undefined ? [] : read;
  if (only?.extent === "absent") throw new UsageError(`The cluster has no ${only.kind.plural}: ${install}`);
  if (only?.extent === "refused") throw new UsageError(`You may not read ${only.kind.plural}${where(namespace)}.`);
  return read.flatMap(({ objects }) => objects);
}

const install = "its Gateway API has other kinds, or is not installed (https://gateway-api.sigs.k8s.io/guides/).";

/** Asks a cluster for kinds, once. @throws UsageError if it does not answer */
export async function askCluster(
  access: ClusterAccess,
  asked: readonly (typeof kinds)[number][],
  options: ReadOptions,
): Promise<readonly ReadKind[]> {
  const client = new KubernetesClient(access);
  try {
    return await readCluster(client, asked, options);
  } catch (error) {
    if (!(error instanceof ApiError || error instanceof AccessError)) throw error;
    throw new UsageError(`${error.message} (${access.origin})`);
  } finally {
    client.close();
  }
}

function where(namespace: string | undefined): string {
  return namespace === undefined ? " in all namespaces; name one with -n" : ` in namespace ${namespace}`;
}
