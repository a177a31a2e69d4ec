import type { Gateway } from "../resources/generated/gateway-api.ts";
import { autoscaler } from "./autoscaler.ts";
import { bootstrapConfigMap } from "./bootstrap-config-map.ts";
import { disruptionBudget } from "./disruption-budget.ts";
import { exposureOf, type Fleet } from "./fleet.ts";
import type { Manifest } from "./manifest.ts";
import { podTemplate } from "./pod-template.ts";
import type { ProxySettings } from "./proxy-container.ts";
import type { ProxyParameters } from "./proxy-parameters.ts";
import { type ExposedPort, services } from "./services.ts";
import { workload } from "./workload.ts";

/**
 * What is made for a Gateway, or for a fleet that Gateways share, as it is to be: the unit in which it is written, mended and
 * taken away.
 */
export interface Infrastructure {
  /** In the order in which it is made. */
  readonly manifests: readonly Manifest[];
  /** Whose proxies are among it: they are given a certificate, the one thing that does not follow from resources. */
  readonly fleet?: Fleet;
}

/** All that proxies are: the same whatever listeners and routes they serve, so that those replace no pod. */
export function fleetInfrastructure(
  fleet: Fleet,
  settings: ProxySettings,
  parameters: ProxyParameters,
): Infrastructure {
  const configMap = bootstrapConfigMap(fleet, settings, parameters);
  const template = podTemplate(fleet, configMap, settings, parameters);
  return {
    fleet,
    manifests: [
      serviceAccount(fleet),
      configMap,
      workload(fleet, template, parameters),
      ...autoscaler(fleet, parameters),
      ...disruptionBudget(fleet, parameters),
    ],
  };
}

/** All that a Gateway is given: its Services, and its proxies where `own` are its own. */
export function gatewayInfrastructure(
  gateway: Gateway,
  fleet: Fleet,
  own: Infrastructure | undefined,
  exposed: readonly ExposedPort[],
  parameters: ProxyParameters,
): Infrastructure {
  return {
    ...own,
    // First: an address takes longest.
    manifests: [...services(gateway, exposureOf(gateway, fleet), exposed, parameters), ...(own?.manifests ?? [])],
  };
}

/** The proxies need nothing of the API server. */
function serviceAccount({ metadata }: Fleet): Manifest {
  return { apiVersion: "v1", kind: "ServiceAccount", metadata, automountServiceAccountToken: false };
}
