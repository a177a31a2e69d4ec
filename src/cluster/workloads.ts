import type { ManifestKind } from "../infrastructure/manifest.ts";
import type { ApiObject } from "../kubernetes/api-object.ts";
import { field, list } from "../resources/field.ts";

/** What runs the proxies of a Gateway: one of them, or both while one takes the place of the other. */
export const workloadKinds = ["Deployment", "DaemonSet"] as const;

export function isWorkload(kind: ManifestKind): kind is (typeof workloadKinds)[number] {
  return workloadKinds.some((known) => known === kind);
}

/** How many pods of a workload there are to be, as far as that is known, and how many of them are ready. */
export function replicasOf(workload: ApiObject | undefined): { readonly ready: number; readonly wanted?: number } {
  const count = (...path: readonly string[]) => {
    const value = field(workload, ...path);
    return typeof value === "number" ? value : undefined;
  };
  const wanted = count("spec", "replicas") ?? count("status", "desiredNumberScheduled");
  return {
    ready: count("status", "readyReplicas") ?? count("status", "numberReady") ?? 0,
    ...(wanted === undefined ? {} : { wanted }),
  };
}

/** Whether a workload's controller has seen it as it is, and all of its pods are ready: of a DaemonSet, on one node at least. */
export function isRolledOut(workload: ApiObject): boolean {
  const { ready, wanted } = replicasOf(workload);
  return (
    field(workload, "status", "observedGeneration") === workload.metadata.generation &&
    wanted !== undefined &&
    ready >= wanted &&
    (wanted > 0 || field(workload, "spec", "replicas") === 0)
  );
}

/** Whether pods of a workload take ports of their node, which no other pod there can have. */
export function takesNodePorts(workload: object): boolean {
  const pod = field(workload, "spec", "template", "spec");
  return (
    field(pod, "hostNetwork") === true ||
    list(field(pod, "containers")).some((container) =>
      list(field(container, "ports")).some((port) => field(port, "hostPort") !== undefined),
    )
  );
}
