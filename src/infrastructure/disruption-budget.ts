import type { Gateway } from "../resources/generated/gateway-api.ts";
import { type Manifest, metadataOf } from "./manifest.ts";
import { podSelector } from "./names.ts";
import type { ProxyParameters } from "./proxy-parameters.ts";

/** Bounds how many proxies may go at once when nodes are drained; none where nobody asked for it. */
export function disruptionBudget(gateway: Gateway, { disruptionBudget: budget }: ProxyParameters): readonly Manifest[] {
  if (budget === undefined) return [];
  return [
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: metadataOf(gateway),
      spec: {
        ...budget,
        selector: { matchLabels: podSelector(gateway) },
        // A proxy that is not ready serves nobody, and keeps no node from being drained.
        unhealthyPodEvictionPolicy: "AlwaysAllow",
      },
    },
  ];
}
