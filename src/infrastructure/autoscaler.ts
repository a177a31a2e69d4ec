import type { Fleet } from "./fleet.ts";
import type { Manifest } from "./manifest.ts";
import type { ProxyParameters } from "./proxy-parameters.ts";

/** Decides how many proxies a Deployment runs; none where nobody asked for it. Only Envoy counts, no sidecar beside it. */
export function autoscaler({ metadata }: Fleet, { workload }: ProxyParameters): readonly Manifest[] {
  const { kind, autoscaling } = workload;
  if (autoscaling === undefined || kind !== "Deployment") return [];
  const { minReplicas = 1, maxReplicas, cpuUtilization, memoryUtilization, metrics = [], behavior } = autoscaling;
  return [
    {
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata,
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind, name: metadata.name },
        minReplicas,
        maxReplicas,
        metrics: [...utilization("cpu", cpuUtilization), ...utilization("memory", memoryUtilization), ...metrics],
        ...(behavior === undefined ? {} : { behavior }),
      },
    },
  ];
}

function utilization(name: "cpu" | "memory", percent: number | undefined): readonly object[] {
  if (percent === undefined) return [];
  const target = { type: "Utilization", averageUtilization: percent };
  return [{ type: "ContainerResource", containerResource: { name, container: "envoy", target } }];
}
