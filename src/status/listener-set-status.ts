import { type Condition, isFalse } from "../gateway/condition.ts";
import type { GatewayListener } from "../gateway/gateway-listener.ts";
import type { GatewayListenerSet } from "../gateway/listener-set.ts";
import { causeOf, isValid, listenerStatus, listenersAccepted, listenersProgrammed } from "./listener-status.ts";
import { type ListenerSetStatus, observed } from "./object-status.ts";
import type { ProxyState } from "./proxy-state.ts";

/**
 * Gateway API, ListenerSetStatus. One that may not attach has no listeners: NotAllowed stands in both conditions, or
 * ParentNotAccepted and ParentNotProgrammed.
 */
export function listenerSetStatus(
  { object, refused }: GatewayListenerSet,
  listeners: readonly GatewayListener[],
  attachedRoutes: (listenerKey: string) => number,
  proxy: ProxyState,
): ListenerSetStatus {
  const generation = object.metadata.generation ?? 1;
  const byName = new Map(listeners.map((listener) => [listener.name, listener]));
  const ordered = object.spec.listeners.flatMap((entry) => byName.get(entry.name) ?? []);
  const conditions =
    refused === undefined
      ? [listenersAccepted(ordered), programmed(ordered, proxy)]
      : [
          refused,
          isFalse(
            "Programmed",
            refused.reason === "ParentNotAccepted" ? "ParentNotProgrammed" : refused.reason,
            refused.message,
          ),
        ];
  return {
    conditions: conditions.map((condition) => observed(condition, generation)),
    listeners: ordered.map((listener) => listenerStatus(listener, attachedRoutes(listener.key), proxy, generation)),
  };
}

/** Gateway API, GatewayStatus.attachedListenerSets counts those that are Accepted. */
export function isAttached({ refused }: GatewayListenerSet, listeners: readonly GatewayListener[]): boolean {
  return refused === undefined && listeners.some(isValid);
}

function programmed(listeners: readonly GatewayListener[], proxy: ProxyState): Condition {
  if (proxy.problem !== undefined) return isFalse("Programmed", "ParentNotProgrammed", proxy.problem.message);
  if (!listeners.some(isValid)) {
    const message = listeners.map((listener) => `Listener "${listener.name}": ${causeOf(listener)}`).join(" ");
    return isFalse("Programmed", "ListenersNotValid", message);
  }
  return listenersProgrammed(listeners, proxy, {
    some: "Envoy serves the listeners.",
    none: "No listener can be served.",
  });
}
