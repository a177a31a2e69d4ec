import type { GatewayClass } from "../resources/generated/gateway-api.ts";
import { type Condition, isFalse, isTrue } from "./condition.ts";

/** GatewayClasses that name this controller are ours; all others are somebody else's and cost nothing. */
export const controllerName = "gatewright.dev/gateway-controller";

/** What became of a GatewayClass of ours. */
export interface AcceptedClass {
  readonly name: string;
  readonly accepted: Condition;
}

/**
 * Gateway API, GatewayClass: a class with a `parametersRef` that can't be read is refused with InvalidParameters, and
 * the condition names the reference. Undefined for the classes of other controllers.
 */
export function acceptClass(gatewayClass: GatewayClass): AcceptedClass | undefined {
  if (gatewayClass.spec.controllerName !== controllerName) return undefined;
  const { name } = gatewayClass.metadata;
  const parameters = gatewayClass.spec.parametersRef;
  if (parameters === undefined) {
    return { name, accepted: isTrue("Accepted", "Accepted", `Gatewright serves the Gateways of class ${name}.`) };
  }
  const group = parameters.group === "" ? "core" : parameters.group;
  return {
    name,
    accepted: isFalse(
      "Accepted",
      "InvalidParameters",
      `spec.parametersRef names ${parameters.kind} ${parameters.name} of group ${group}: Gatewright reads no parameters of that kind. Remove spec.parametersRef.`,
    ),
  };
}
