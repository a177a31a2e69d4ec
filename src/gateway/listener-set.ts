import type { Namespace } from "../resources/generated/core.ts";
import type { Gateway, ListenerSet } from "../resources/generated/gateway-api.ts";
import { keyOf } from "../resources/object.ts";
import { namespaceLabels, refuseNamespace } from "./allowed-routes.ts";
import { type Condition, isFalse } from "./condition.ts";
import { namedParent } from "./listener-parent.ts";

/** A ListenerSet that names a Gateway of ours. */
export interface GatewayListenerSet {
  readonly object: ListenerSet;
  readonly gateway: Gateway;
  /** Why it adds no listener to the Gateway, as its Accepted condition. */
  readonly refused?: Condition;
}

/** Key of the Gateway that a ListenerSet adds its listeners to; undefined for parents of other kinds. */
export function gatewayKeyOf({ metadata, spec }: ListenerSet): string | undefined {
  const parent = namedParent(spec.parentRef, metadata.namespace ?? "default");
  return parent?.kind === "Gateway" ? parent.key : undefined;
}

/**
 * Whether a ListenerSet may add its listeners to a Gateway.
 *
 * Gateway API, GatewaySpec.allowedListeners: from no namespace unless the Gateway says otherwise; a Gateway that is not
 * accepted itself takes no further listeners (ParentNotAccepted).
 */
export function attachListenerSet(
  object: ListenerSet,
  gateway: Gateway,
  gatewayRefusal: Condition | undefined,
  namespace: () => Namespace | undefined,
): GatewayListenerSet {
  const own = object.metadata.namespace ?? "default";
  const allowed = gateway.spec.allowedListeners?.namespaces;
  const refusal =
    allowed === undefined
      ? "it accepts ListenerSets from no namespace, since it has no spec.allowedListeners"
      : refuseNamespace(
          allowed,
          gateway.metadata.namespace ?? "default",
          own,
          () => namespaceLabels(own, namespace()),
          "ListenerSet",
        );
  if (refusal !== undefined) {
    const message = `ListenerSet ${keyOf(object)} may not attach to Gateway ${keyOf(gateway)}: ${refusal}.`;
    return { object, gateway, refused: isFalse("Accepted", "NotAllowed", message) };
  }
  if (gatewayRefusal === undefined) return { object, gateway };
  const message = `Gateway ${keyOf(gateway)} is not accepted: ${gatewayRefusal.message}`;
  return { object, gateway, refused: isFalse("Accepted", "ParentNotAccepted", message) };
}
