import type { Reader } from "../collections/collection.ts";
import { type Condition, isFalse } from "../gateway/condition.ts";
import type { Resources } from "../gateway/inputs.ts";
import type { GivenPlace, Placement } from "../gateway/placement.ts";
import type { Gateway } from "../resources/generated/gateway-api.ts";
import { keyOf } from "../resources/object.ts";
import { accessLogsOf } from "./access-logs.ts";
import { externalHostname } from "./external-hostname.ts";
import { fleetAnnotation, ownLabels, sharedServiceName } from "./fleet.ts";
import { classParameters, gatewayParameters } from "./parameters.ts";
import { boundPortsOf } from "./services.ts";

/**
 * Every Gateway is served by proxies of its own, or by those of its class where the class has a shared fleet, at addresses that
 * the cluster gives to its Services.
 */
export const inCluster: Placement = {
  placeOf,
  telemetry: (gateway, reader, resources) => {
    const found = gatewayParameters(gateway, reader, resources);
    if ("problem" in found) return undefined;
    const { tracing } = found.parameters;
    return { accessLogs: accessLogsOf(found.parameters), ...(tracing === undefined ? {} : { tracing }) };
  },
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

/**
 * Whether proxies are shared is said by the class alone: the certificates of many namespaces come to them, which is for the
 * infrastructure provider to decide. In them, each Gateway has its sockets to itself.
 */
function placeOf(gateway: Gateway, reader: Reader, resources: Resources): GivenPlace {
  const key = keyOf(gateway);
  const own = { proxy: key };
  const name = gateway.spec.gatewayClassName;
  const gatewayClass = reader.fetch(resources.GatewayClass, name);
  const namespace = gatewayClass?.spec.parametersRef?.namespace;
  if (gatewayClass === undefined || namespace === undefined) return own;
  const found = classParameters(gatewayClass, reader, resources);
  if ("parameters" in found && !found.parameters.sharedFleet) return own;
  const service = reader.fetch(resources.Service, `${namespace}/${sharedServiceName(gateway)}`);
  const given = service?.metadata.annotations?.[fleetAnnotation] === name ? boundPortsOf(service) : undefined;
  // Where parameters can't be read, a Gateway stays where it is.
  if ("problem" in found && given === undefined) return own;
  return { proxy: name, gateway: key, ...(given === undefined ? {} : { boundPorts: given }) };
}

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
