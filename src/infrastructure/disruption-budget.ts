import type { Fleet } from "./fleet.ts";
import type { Manifest } from "./manifest.ts";
import type { ProxyParameters } from "./proxy-parameters.ts";

/** Bounds how many proxies may go at once when nodes are drained; none where nobody asked for it. */
export function disruptionBudget(
  { metadata, selector }: Fleet,
  { disruptionBudget: budget }: ProxyParameters,
): readonly Manifest[] {
  if (budget === undefined) return [];
  return [
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata,
      spec: {
        ...budget,
        selector: { matchLabels: selector },
        // A proxy that is not ready serves nobody, and keeps no node from being drained.
        unhealthyPodEvictionPolicy: "AlwaysAllow",
      },
    },
  ];
}
