import type { RouteAttachment } from "./derive-routes.ts";
import type { AttachmentPoint } from "./gateway-listener.ts";
import { type PolicyTarget, targetKey } from "./policy-target.ts";

/** A backend that a Gateway sends to, for what it is and what policies say of it. */
export interface BackendUse extends PolicyTarget {
  /** `namespace/name`. */
  readonly gateway: string;
  readonly traffic: Traffic;
}

/** `opaque`: TLS that is passed through, and datagrams. Whatever is said of TLS to backends is no business of theirs. */
export type Traffic = "requests" | "connections" | "opaque";

type Entry = readonly [string, BackendUse];

/** Gateway API, PolicyAncestorStatus: ancestors are the Gateways whose routes send to a backend. */
export function usesOfRoute({ route, parents }: RouteAttachment, uses: readonly PolicyTarget[]): readonly Entry[] {
  const trafficOn = ({ tlsMode }: AttachmentPoint): Traffic => {
    if (route.kind === "HTTPRoute" || route.kind === "GRPCRoute") return "requests";
    return route.kind === "UDPRoute" || tlsMode === "Passthrough" ? "opaque" : "connections";
  };
  return entries(
    parents.flatMap(({ listeners }) =>
      listeners.flatMap(({ point }) =>
        uses.map((use) => ({ ...use, gateway: point.gatewayKey, traffic: trafficOn(point) })),
      ),
    ),
  );
}

/** Those who are asked about every request of a listener. */
export function usesOfListener({ gatewayKey, guard }: AttachmentPoint): readonly Entry[] {
  return entries((guard?.uses ?? []).map((use) => ({ ...use, gateway: gatewayKey, traffic: "requests" })));
}

function entries(uses: readonly BackendUse[]): readonly Entry[] {
  return [...new Map(uses.map((use) => [`${targetKey(use)}|${use.traffic}|${use.gateway}`, use]))];
}
