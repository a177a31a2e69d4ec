import { certificateName } from "../gateway/certificate.ts";
import { type Condition, isFalse, isTrue, isUnknown } from "../gateway/condition.ts";
import type { GatewayListener } from "../gateway/gateway-listener.ts";
import { socketName } from "../gateway/listener.ts";
import { notEnforced } from "../gateway/not-enforced.ts";
import { gatewayGroup } from "../gateway/route-kind.ts";
import { originKey } from "./listener-refusals.ts";
import { type ListenerStatus, observed } from "./object-status.ts";
import type { ProxyState } from "./proxy-state.ts";

/** Gateway API, ListenerStatus, and ListenerEntryStatus, which is the same of a ListenerSet. */
export function listenerStatus(
  listener: GatewayListener,
  attachedRoutes: number,
  proxy: ProxyState,
  generation: number,
): ListenerStatus {
  return {
    name: listener.name,
    supportedKinds: listener.kinds.map((kind) => ({ group: gatewayGroup, kind })),
    attachedRoutes,
    conditions: [
      listener.accepted,
      listenerProgrammed(listener, proxy),
      listener.resolvedRefs,
      listener.conflicted,
      ...(listener.overlapping === undefined ? [] : [listener.overlapping]),
      ...notEnforced(listener.notEnforced),
    ].map((condition) => observed(condition, generation)),
  };
}

function listenerProgrammed(listener: GatewayListener, proxy: ProxyState): Condition {
  if (!isValid(listener)) return isFalse("Programmed", notProgrammedReason(listener), causeOf(listener));
  const refusal =
    proxy.refusedSockets[socketName(listener.socket)] ?? proxy.refusedListeners?.[originKey(listener.origin)];
  if (refusal !== undefined) return isFalse("Programmed", "Invalid", `Envoy refused the listener: ${refusal}`);
  const secret = [...listener.certificates.map(certificateName), listener.clients?.trust ?? ""].find(
    (name) => proxy.refusedSecrets?.[name] !== undefined,
  );
  if (secret !== undefined) {
    const message = `Envoy refused ${secret}, and goes on with a former one if it has one: ${proxy.refusedSecrets?.[secret]}`;
    return isFalse("Programmed", "Invalid", message);
  }
  if (!proxy.ready) return isUnknown("Programmed", "Pending", proxy.message);
  return isTrue("Programmed", "Programmed", `Envoy listens on port ${listener.socket.port}.`);
}

/** Of a ListenerSet's entry, its conflict or that its port is taken; for a Gateway's listeners the API knows Invalid alone. */
function notProgrammedReason({ parent, accepted, conflicted }: GatewayListener): string {
  if (parent.kind === "Gateway") return "Invalid";
  return conflicted.status === "True" || accepted.reason === "PortUnavailable" ? accepted.reason : "Invalid";
}

/** A listener may take requests without being accepted: to refuse them all. */
export function isValid({ serving, accepted }: GatewayListener): boolean {
  return serving && accepted.status === "True";
}

/** Why a listener is not served. */
export function causeOf(listener: GatewayListener): string {
  const cause = [listener.accepted, listener.resolvedRefs].find((condition) => condition.status === "False");
  return cause?.message ?? "The listener can't be served.";
}

/** Programmed of all listeners of a Gateway or ListenerSet: as soon as one is. */
export function listenersProgrammed(
  listeners: readonly GatewayListener[],
  proxy: ProxyState,
  messages: { readonly some: string; readonly none: string },
): Condition {
  const conditions = listeners.map((listener) => listenerProgrammed(listener, proxy));
  if (conditions.some(({ status }) => status === "True")) return isTrue("Programmed", "Programmed", messages.some);
  if (conditions.some(({ status }) => status === "Unknown")) return isUnknown("Programmed", "Pending", proxy.message);
  return isFalse("Programmed", "Invalid", conditions[0]?.message ?? messages.none);
}

/** Accepted of all listeners of a Gateway or ListenerSet: as long as one is; ListenersNotValid says that some are not. */
export function listenersAccepted(listeners: readonly GatewayListener[]): Condition {
  const refused = listeners.filter((listener) => !isValid(listener));
  if (refused.length === 0) return isTrue("Accepted", "Accepted", "Every listener is valid.");
  const message = refused.map((listener) => `Listener "${listener.name}": ${causeOf(listener)}`).join(" ");
  return refused.length === listeners.length
    ? isFalse("Accepted", "ListenersNotValid", message)
    : isTrue("Accepted", "ListenersNotValid", message);
}
