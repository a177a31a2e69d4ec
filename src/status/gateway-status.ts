import { insecureFrontend } from "../gateway/client-validation.ts";
import { type Condition, isFalse, isTrue, isUnknown } from "../gateway/condition.ts";
import type { GatewayListener } from "../gateway/gateway-listener.ts";
import { addressesOf as socketAddresses } from "../gateway/listener.ts";
import { notEnforced, type UnenforcedField } from "../gateway/not-enforced.ts";
import type { Problem } from "../gateway/problem.ts";
import type { Gateway } from "../resources/generated/gateway-api.ts";
import { listenerStatus, listenersAccepted, listenersProgrammed } from "./listener-status.ts";
import { type GatewayStatus, observed } from "./object-status.ts";
import { policiesWithoutRoom } from "./policy-status.ts";
import type { ProxyAddress, ProxyState } from "./proxy-state.ts";

/** Gateway API, GatewayStatus: the Gateway's own conditions and those of every listener of its own, in the order of the spec. */
export function gatewayStatus(
  gateway: Gateway,
  listeners: readonly GatewayListener[],
  attachedRoutes: (listenerKey: string) => number,
  attachedListenerSets: number,
  proxy: ProxyState,
  refusal: Condition | undefined,
  clientCertificate: Problem | undefined,
  policies: readonly string[],
  withoutEffect: readonly UnenforcedField[],
  telemetryPolicy: string | undefined,
): GatewayStatus {
  const generation = gateway.metadata.generation ?? 1;
  const byName = new Map(listeners.map((listener) => [listener.name, listener]));
  const ordered = gateway.spec.listeners.flatMap((spec) => byName.get(spec.name) ?? []);
  const insecure = insecureFrontend(gateway);
  const closed = refusal !== undefined && ordered.every(({ accepted }) => accepted.status !== "True");
  return {
    addresses: closed ? [] : addressesOf(ordered, proxy),
    conditions: [
      refusal ?? listenersAccepted(ordered),
      programmed(ordered, proxy),
      ...(!closed && proxy.addressesAssigned !== undefined ? [proxy.addressesAssigned] : []),
      resolvedRefs(ordered, clientCertificate),
      ...(insecure === undefined ? [] : [insecure]),
      ...policiesWithoutRoom(policies),
      ...notEnforced(withoutEffect),
      ...(gateway.spec.defaultScope === "All"
        ? [
            isTrue(
              "DefaultGateway",
              "DefaultGateway",
              "Routes that use default Gateways attach to it (spec.defaultScope: All).",
            ),
          ]
        : []),
      ...telemetryPolicyAffected(telemetryPolicy),
    ]
      .slice(0, maxConditions)
      .map((condition) => observed(condition, generation)),
    listeners: ordered.map((listener) => listenerStatus(listener, attachedRoutes(listener.key), proxy, generation)),
    attachedListenerSets,
  };
}

/** GEP-713: an object that a policy affects SHOULD say so. */
function telemetryPolicyAffected(policy: string | undefined): readonly Condition[] {
  if (policy === undefined) return [];
  const message = `XTelemetryPolicy ${policy} says how its requests are traced.`;
  return [isTrue("gatewright.dev/XTelemetryPolicyAffected", "PolicyAffected", message)];
}

/** GatewayStatus.conditions has room for 8; what comes last is what a person can most easily do without. */
const maxConditions = 8;

/** Why a Gateway is not accepted whose class is ours and isn't either. */
export function waitingForClass({ spec }: Gateway, classProblem: string): Condition {
  return isUnknown("Accepted", "Pending", `GatewayClass ${spec.gatewayClassName} is not accepted: ${classProblem}`);
}

/** A Gateway of a class that is ours and not accepted: nobody serves it until the class is mended. */
export function waitingGatewayStatus(gateway: Gateway, classProblem: string): GatewayStatus {
  const generation = gateway.metadata.generation ?? 1;
  const accepted = waitingForClass(gateway, classProblem);
  return {
    addresses: [],
    conditions: [accepted, { ...accepted, type: "Programmed" }].map((condition) => observed(condition, generation)),
    listeners: [],
    attachedListenerSets: 0,
  };
}

function addressesOf(listeners: readonly GatewayListener[], proxy: ProxyState): readonly ProxyAddress[] {
  const bound = listeners.flatMap(({ socket }) => socketAddresses(socket));
  if (bound.length === 0) return proxy.addresses;
  return [...new Set(bound)].map((value) => ({ type: "IPAddress", value }));
}

function programmed(listeners: readonly GatewayListener[], proxy: ProxyState): Condition {
  if (proxy.problem !== undefined) return isFalse("Programmed", proxy.problem.reason, proxy.problem.message);
  return listenersProgrammed(listeners, proxy, {
    some: "Envoy serves the Gateway.",
    none: "The Gateway has no listener that can be served.",
  });
}

/** Gateway API, GatewayConditionResolvedRefs: the Gateway's own references, and a summary of its listeners'. */
function resolvedRefs(listeners: readonly GatewayListener[], own: Problem | undefined): Condition {
  const unresolved = listeners.filter((listener) => listener.resolvedRefs.status === "False");
  if (unresolved.length === 0 && own === undefined) {
    return isTrue("ResolvedRefs", "ResolvedRefs", "Every reference of the Gateway was found.");
  }
  return isFalse(
    "ResolvedRefs",
    own?.reason ?? "ListenersNotResolved",
    [
      ...(own === undefined ? [] : [own.message]),
      ...unresolved.map((listener) => `Listener "${listener.name}": ${listener.resolvedRefs.message}`),
    ].join(" "),
  );
}
