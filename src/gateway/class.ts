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
 * Gateway API, GatewayClass: a class whose `parametersRef` can't be read is refused with InvalidParameters, and the condition
 * says what is wrong. Undefined for the classes of other controllers.
 */
export function acceptClass({ metadata, spec }: GatewayClass, problem: string | undefined): AcceptedClass | undefined {
  if (spec.controllerName !== controllerName) return undefined;
  const { name } = metadata;
  if (problem !== undefined) return { name, accepted: isFalse("Accepted", "InvalidParameters", problem) };
  return { name, accepted: isTrue("Accepted", "Accepted", `Gatewright serves the Gateways of class ${name}.`) };
}
