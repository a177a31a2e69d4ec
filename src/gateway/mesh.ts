import type { XMesh } from "../resources/generated/gateway-api.ts";
import { type Condition, isFalse } from "./condition.ts";

/** An XMesh that names this controller is ours; all others are somebody else's. */
export const meshControllerName = "gatewright.dev/mesh-controller";

/**
 * Gateway API, XMesh: its controller "MUST" set Accepted. Gatewright carries no traffic from one Service to another yet, so it
 * accepts none. Undefined for the meshes of other controllers.
 */
export function acceptMesh({ spec }: XMesh): Condition | undefined {
  if (spec.controllerName !== meshControllerName) return undefined;
  const parameters = spec.parametersRef;
  const unread =
    parameters === undefined
      ? ""
      : ` Nobody reads its spec.parametersRef: ${parameters.kind} ${parameters.namespace === undefined ? "" : `${parameters.namespace}/`}${parameters.name} of group "${parameters.group}".`;
  return isFalse(
    "Accepted",
    parameters === undefined ? "NotSupported" : "InvalidParameters",
    `Gatewright serves Gateways, and no traffic from one Service to another yet.${unread}`,
  );
}
