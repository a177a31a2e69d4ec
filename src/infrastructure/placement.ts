import { type Condition, isFalse } from "../gateway/condition.ts";
import type { Placement } from "../gateway/placement.ts";
import type { Gateway } from "../resources/generated/gateway-api.ts";
import { keyOf } from "../resources/object.ts";
import { externalHostname } from "./external-hostname.ts";
import { ownLabels } from "./manifest.ts";
import { classParameters, gatewayParameters } from "./parameters.ts";

/** Every Gateway is served by proxies of its own, at addresses that the cluster gives to its Services. */
export const inCluster: Placement = {
  proxyOf: keyOf,
  refuse: (gateway, reader, resources) => {
    const gatewayClass = reader.fetch(resources.GatewayClass, gateway.spec.gatewayClassName);
    const parameters = gatewayParameters(gateway, reader, resources);
    // What is wrong with its class is no fault of the Gateway's.
    const own = gatewayClass === undefined || !("problem" in classParameters(gatewayClass, reader, resources));
    return own && "problem" in parameters
      ? isFalse("Accepted", "InvalidParameters", parameters.problem)
      : refuseAddresses(gateway);
  },
  parametersProblem: (gatewayClass, reader, resources) => {
    const parameters = classParameters(gatewayClass, reader, resources);
    return "problem" in parameters ? parameters.problem : undefined;
  },
  proxiesOutlastParameters: true,
  bindsAddresses: false,
  externalHostname,
  notEnforced: (gateway) => {
    const own = ownLabels(gateway);
    return Object.keys(gateway.spec.infrastructure?.labels ?? {})
      .filter((label) => own[label] !== undefined)
      .map((label) => ({
        path: ["spec", "infrastructure", "labels", label],
        because: `Gatewright's own value stands: ${own[label]}.`,
      }));
  },
};

const addressTypes: readonly string[] = ["IPAddress", "Hostname"];

/**
 * Gateway API, GatewayConditionReason UnsupportedAddress: a type of address that is not known. A routability that is not known
 * refuses nothing: the address is one that nobody assigns.
 */
export function refuseAddresses({ spec }: Gateway): Condition | undefined {
  for (const { type, value } of spec.addresses ?? []) {
    const address = value === undefined || value === "" ? "an address" : value;
    if (!addressTypes.includes(type)) {
      return isFalse(
        "Accepted",
        "UnsupportedAddress",
        `spec.addresses asks for ${address} of type ${type}; Gatewright knows the types ${addressTypes.join(" and ")}.`,
      );
    }
  }
  return undefined;
}
