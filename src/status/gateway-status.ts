import { type Condition, isFalse, isTrue, isUnknown } from "../gateway/condition.ts";
import type { GatewayListener } from "../gateway/gateway-listener.ts";
import { socketName } from "../gateway/listener.ts";
import { gatewayGroup } from "../gateway/route-kind.ts";
import type { Gateway } from "../resources/generated/gateway-api.ts";
import { type GatewayStatus, type ListenerStatus, observed } from "./object-status.ts";
import type { ProxyAddress, ProxyState } from "./proxy-state.ts";

/** Gateway API, GatewayStatus: the Gateway's own conditions and those of every listener, in the order of the spec. */
export function gatewayStatus(
  gateway: Gateway,
  listeners: readonly GatewayListener[],
  attachedRoutes: (listenerKey: string) => number,
  proxy: ProxyState,
  refusal: Condition | undefined,
): GatewayStatus {
  const generation = gateway.metadata.generation ?? 1;
  const byName = new Map(listeners.map((listener) => [listener.name, listener]));
  const ordered = gateway.spec.listeners.flatMap((spec) => byName.get(spec.name) ?? []);
  return {
    addresses: refusal === undefined ? addressesOf(ordered, proxy) : [],
    conditions: [refusal ?? accepted(ordered), programmed(ordered, proxy), resolvedRefs(ordered)].map((condition) =>
      observed(condition, generation),
    ),
    listeners: ordered.map((listener) => listenerStatus(listener, attachedRoutes(listener.key), proxy, generation)),
  };
}

/** A Gateway of a class that is ours and not accepted: nobody serves it until the class is mended. */
export function waitingGatewayStatus(gateway: Gateway, classProblem: string): GatewayStatus {
  const generation = gateway.metadata.generation ?? 1;
  const message = `GatewayClass ${gateway.spec.gatewayClassName} is not accepted: ${classProblem}`;
  return {
    addresses: [],
    conditions: ["Accepted", "Programmed"].map((type) => observed(isUnknown(type, "Pending", message), generation)),
    listeners: [],
  };
}

function addressesOf(listeners: readonly GatewayListener[], proxy: ProxyState): readonly ProxyAddress[] {
  const bound = listeners.flatMap((listener) =>
    listener.socket.address === undefined ? [] : [listener.socket.address],
  );
  if (bound.length === 0) return proxy.addresses;
  return [...new Set(bound)].map((value) => ({ type: "IPAddress", value }));
}

function listenerStatus(
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
    ].map((condition) => observed(condition, generation)),
  };
}

function listenerProgrammed(listener: GatewayListener, proxy: ProxyState): Condition {
  if (!listener.serving) {
    const cause = [listener.accepted, listener.resolvedRefs].find((condition) => condition.status === "False");
    return isFalse("Programmed", "Invalid", cause?.message ?? "The listener can't be served.");
  }
  const refusal = proxy.refusedSockets[socketName(listener.socket)];
  if (refusal !== undefined) return isFalse("Programmed", "Invalid", `Envoy refused the listener: ${refusal}`);
  if (!proxy.ready) return isUnknown("Programmed", "Pending", proxy.message);
  return isTrue("Programmed", "Programmed", `Envoy listens on port ${listener.socket.port}.`);
}

/** Accepted as long as one listener is; ListenersNotValid says that some are not. */
function accepted(listeners: readonly GatewayListener[]): Condition {
  const refused = listeners.filter((listener) => !listener.serving);
  if (refused.length === 0) return isTrue("Accepted", "Accepted", "Every listener is valid.");
  const message = refused.map((listener) => `Listener "${listener.name}": ${causeOf(listener)}`).join(" ");
  return refused.length === listeners.length
    ? isFalse("Accepted", "ListenersNotValid", message)
    : isTrue("Accepted", "ListenersNotValid", message);
}

function causeOf(listener: GatewayListener): string {
  const cause = [listener.accepted, listener.resolvedRefs].find((condition) => condition.status === "False");
  return cause?.message ?? "it can't be served.";
}

function programmed(listeners: readonly GatewayListener[], proxy: ProxyState): Condition {
  if (proxy.problem !== undefined) return isFalse("Programmed", proxy.problem.reason, proxy.problem.message);
  const conditions = listeners.map((listener) => listenerProgrammed(listener, proxy));
  if (conditions.some((condition) => condition.status === "True")) {
    return isTrue("Programmed", "Programmed", "Envoy serves the Gateway.");
  }
  if (conditions.some((condition) => condition.status === "Unknown")) {
    return isUnknown("Programmed", "Pending", proxy.message);
  }
  return isFalse("Programmed", "Invalid", conditions[0]?.message ?? "The Gateway has no listener that can be served.");
}

function resolvedRefs(listeners: readonly GatewayListener[]): Condition {
  const unresolved = listeners.filter((listener) => listener.resolvedRefs.status === "False");
  if (unresolved.length === 0) {
    return isTrue("ResolvedRefs", "ResolvedRefs", "Every reference of the Gateway was found.");
  }
  return isFalse(
    "ResolvedRefs",
    "ListenersNotResolved",
    unresolved.map((listener) => `Listener "${listener.name}": ${listener.resolvedRefs.message}`).join(" "),
  );
}
