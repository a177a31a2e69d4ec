import type { ObjectWithStatus } from "../admin/objects.ts";
import { analyse, readSemantics } from "../analyse/analyse.ts";
import { resourceKinds } from "../gateway/inputs.ts";
import { buildTopology } from "../graph/build-topology.ts";
import type { Topology } from "../graph/topology.ts";
import { inCluster } from "../infrastructure/placement.ts";
import type { ClusterAccess } from "../kubernetes/access.ts";
import type { Finding } from "../resources/finding.ts";
import { kinds } from "../resources/kinds.ts";
import { type KubernetesObject, keyOf } from "../resources/object.ts";
import { decode } from "../sources/kubernetes/decode.ts";
import type { ReadKind } from "../sources/kubernetes/read-cluster.ts";
import type { Everything } from "./query-objects.ts";
import { askCluster } from "./read-cluster.ts";

/** Kinds that decide what traffic does; Endpoints are mirrored into EndpointSlices. */
const readKinds = kinds.filter(({ kind }) => kind !== "Endpoints" && resourceKinds.some((known) => known === kind));

/** What a cluster holds, as far as whoever asks may read it, read as Gatewright reads it. */
export interface ClusterObjects {
  /** The same by kind, with how much of it could be read. */
  readonly kinds: ReadonlyMap<string, Pick<ReadKind, "extent" | "objects">>;
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
  const read = await askCluster(access, readKinds, { fallback: namespace });
  const decoded = read.flatMap(({ kind, objects }) =>
    objects.map((object) => decode(kind, object, { contents: true })),
  );
  return {
    kinds: new Map(read.map(({ kind, extent, objects }) => [kind.kind, { extent, objects }])),
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

/** @throws UsageError */
export async function topologyOfCluster(access: ClusterAccess, namespace: string): Promise<Topology> {
  const { raw, objects, findings, incomplete } = await readObjects(access, namespace);
  const { resources, semantics } = readSemantics(objects, inCluster);
  const statuses = new Map(raw.map((object) => [`${object.kind}/${keyOf(object)}`, object.status]));
  return buildTopology({
    resources,
    semantics,
    findings: [...findings, ...analyseCluster(objects, incomplete)],
    statusOf: (kind, key) => statuses.get(`${kind}/${key}`),
    incomplete,
  });
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
