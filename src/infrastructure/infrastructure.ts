import type { Gateway } from "../resources/generated/gateway-api.ts";
import type { ProxyParameters } from "../resources/proxy-parameters.ts";
import { bootstrapConfigMap, deployment, type ProxySettings, serviceAccount } from "./deployment.ts";
import type { Manifest } from "./manifest.ts";
import { type ExposedPort, services } from "./services.ts";

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
  return [
    // First: an address takes longest.
    ...services(gateway, exposed, parameters),
    serviceAccount(gateway),
    configMap,
    deployment(gateway, configMap, settings, parameters),
  ];
}
