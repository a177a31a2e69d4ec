import type { Gateway } from "../resources/generated/gateway-api.ts";
import { type Condition, isFalse } from "./condition.ts";
import { namesParameters } from "./parameters-reference.ts";

/**
 * Why a Gateway as a whole can't be served; undefined if it can. None of its listeners is served then.
 *
 * Gateway API, GatewayConditionReason: UnsupportedAddress for addresses of a kind that is not known, InvalidParameters
 * for an `infrastructure.parametersRef` that can't be read.
 */
export function refuseGateway({ spec }: Gateway): Condition | undefined {
  const addresses = spec.addresses ?? [];
  const named = addresses.find(({ type }) => type !== "IPAddress");
  if (named !== undefined) {
    return isFalse(
      "Accepted",
      "UnsupportedAddress",
      `spec.addresses asks for ${named.value ?? "an address"} of type ${named.type}; Gatewright binds addresses of type IPAddress only.`,
    );
  }
  const reach = addresses.find(({ routability = "" }) => routability !== "");
  if (reach !== undefined) {
    return isFalse(
      "Accepted",
      "UnsupportedAddress",
      `spec.addresses asks for ${reach.value ?? "an address"} with routability ${reach.routability}; an address of this machine is reached from wherever it is routed. Remove routability.`,
    );
  }
  const parameters = spec.infrastructure?.parametersRef;
  if (parameters !== undefined && !namesParameters(parameters)) {
    return isFalse(
      "Accepted",
      "InvalidParameters",
      `spec.infrastructure.parametersRef names ${parameters.kind} ${parameters.name} of group "${parameters.group}": Gatewright reads no parameters of that kind. Remove spec.infrastructure.parametersRef.`,
    );
  }
  return undefined;
}
