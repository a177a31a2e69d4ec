import type { ObjectWithStatus } from "../admin/objects.ts";
import { analyse } from "../analyse/analyse.ts";
import { resourceKinds } from "../gateway/inputs.ts";
import { inCluster } from "../infrastructure/placement.ts";
import { AccessError, type ClusterAccess } from "../kubernetes/access.ts";
import { ApiError } from "../kubernetes/api-error.ts";
import { KubernetesClient } from "../kubernetes/client.ts";
import type { Finding } from "../resources/finding.ts";
import { kinds } from "../resources/kinds.ts";
import type { KubernetesObject } from "../resources/object.ts";
import { decode } from "../sources/kubernetes/decode.ts";
import { type ReadKind, type ReadOptions, readCluster } from "../sources/kubernetes/read-cluster.ts";
import type { Everything, Wanted } from "./query-objects.ts";
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
  const read = await ask(access, kind === undefined ? kinds : [kind], { namespace });
  const [only] = kind === undefined ? [] : read;
  if (only?.extent === "absent") throw new UsageError(`The cluster has no ${only.kind.plural}: ${install}`);
  if (only?.extent === "refused") throw new UsageError(`You may not read ${only.kind.plural}${where(namespace)}.`);
  return read.flatMap(({ objects }) => objects);
}

/** Kinds that decide what traffic does; Endpoints are mirrored into EndpointSlices. */
const readKinds = kinds.filter(({ kind }) => kind !== "Endpoints" && resourceKinds.some((known) => known === kind));

/** What a cluster holds, as far as whoever asks may read it, read as Gatewright reads it. */
export interface ClusterObjects {
  /** As the cluster has them. */
  readonly raw: readonly ObjectWithStatus[];
  readonly objects: readonly KubernetesObject[];
  readonly findings: readonly Finding[];
  /** Kinds that are not here as a whole: what is said to be missing may be there. */
  readonly incomplete: ReadonlySet<string>;
}

/**
 * @param namespace read alone, where all may not be read
 * @throws UsageError if the cluster can't be asked
 */
export async function readObjects(access: ClusterAccess, namespace: string): Promise<ClusterObjects> {
  const read = await ask(access, readKinds, { fallback: namespace });
  const decoded = read.flatMap(({ kind, objects }) => objects.map((object) => decode(kind, object)));
  return {
    raw: read.flatMap(({ objects }) => objects),
    objects: decoded.flatMap(({ object }) => object ?? []),
    findings: decoded.flatMap(({ findings }) => findings),
    incomplete: new Set(
      read.filter(({ extent }) => extent === "partly" || extent === "refused").map(({ kind }) => kind.kind),
    ),
  };
}

/** @throws UsageError */
export async function everythingOfCluster(access: ClusterAccess, namespace: string): Promise<Everything> {
  const { raw, objects, findings, incomplete } = await readObjects(access, namespace);
  return { objects: raw, findings: [...findings, ...analyseCluster(objects, incomplete)] };
}

/** What is wrong between objects, without what only seems so because not everything could be read. */
export function analyseCluster(
  objects: readonly KubernetesObject[],
  incomplete: ReadonlySet<string>,
): readonly Finding[] {
  const findings = analyse(objects, inCluster);
  if (incomplete.size === 0) return findings;
  const kindsWithCause = [...incomplete].join(", ");
  const unsure: Finding = {
    severity: "warning",
    code: "partly-readable",
    message: `You may not read all of these kinds, so what objects refer to among them is not checked: ${kindsWithCause}.`,
  };
  // A warning of the analyser is about what may be elsewhere.
  return [unsure, ...findings.filter(({ severity }) => severity === "error")];
}

const install = "its Gateway API has other kinds, or is not installed (https://gateway-api.sigs.k8s.io/guides/).";

async function ask(
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
