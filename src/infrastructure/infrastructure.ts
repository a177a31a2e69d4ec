import type { Gateway } from "../resources/generated/gateway-api.ts";
import { autoscaler } from "./autoscaler.ts";
import { bootstrapConfigMap } from "./bootstrap-config-map.ts";
import { disruptionBudget } from "./disruption-budget.ts";
import { type Manifest, metadataOf } from "./manifest.ts";
import { podTemplate } from "./pod-template.ts";
import type { ProxySettings } from "./proxy-container.ts";
import type { ProxyParameters } from "./proxy-parameters.ts";
import { type ExposedPort, services } from "./services.ts";
import { workload } from "./workload.ts";

/**
 * All that a Gateway is given in its namespace, as it is to be, in the order in which it is made. The Secret with the
 * proxies' certificate is the one thing that does not follow from the Gateway, and is not in it.
 */
export function infrastructure(
  gateway: Gateway,
  proxy: string,
  exposed: readonly ExposedPort[],
  settings: ProxySettings,
  parameters: ProxyParameters,
): readonly Manifest[] {
  const configMap = bootstrapConfigMap(gateway, proxy, settings);
  const template = podTemplate(gateway, configMap, settings, parameters);
  return [
    // First: an address takes longest.
    ...services(gateway, exposed, parameters),
    serviceAccount(gateway),
    configMap,
    workload(gateway, template, parameters),
    ...autoscaler(gateway, parameters),
    ...disruptionBudget(gateway, parameters),
  ];
}

/** The proxies need nothing of the API server. */
function serviceAccount(gateway: Gateway): Manifest {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: metadataOf(gateway),
    automountServiceAccountToken: false,
  };
}
