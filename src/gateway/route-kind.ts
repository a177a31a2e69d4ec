import type { RouteGroupKind } from "../resources/generated/gateway-api.ts";

export const gatewayGroup = "gateway.networking.k8s.io";

/** Of kinds that the Gateway API tries out. */
export const experimentalGroup = "gateway.networking.x-k8s.io";

export const routeKinds = ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"] as const;

export type RouteKind = (typeof routeKinds)[number];

/** Route kinds that a listener of each protocol can carry. A protocol that is not here is not supported. */
export const kindsByProtocol: Readonly<Record<string, readonly RouteKind[]>> = {
  HTTP: ["HTTPRoute", "GRPCRoute"],
  HTTPS: ["HTTPRoute", "GRPCRoute"],
  TLS: ["TLSRoute"],
  TCP: ["TCPRoute"],
  UDP: ["UDPRoute"],
};

export function isRouteKind(kind: string): kind is RouteKind {
  return routeKinds.some((known) => known === kind);
}

export interface SupportedKinds {
  /** What the listener's status shows, and what may attach. */
  readonly kinds: readonly RouteKind[];
  /** Entries of `allowedRoutes.kinds` that a listener of this protocol can't carry. */
  readonly refused: readonly string[];
}

/**
 * Gateway API, AllowedRoutes.kinds: absent means every kind that fits the protocol; entries that don't fit are left
 * out, and reported as InvalidRouteKinds.
 */
export function supportedKinds(protocol: string, allowed: readonly RouteGroupKind[] | undefined): SupportedKinds {
  const fitting = kindsByProtocol[protocol] ?? [];
  if (allowed === undefined || allowed.length === 0) return { kinds: fitting, refused: [] };
  const kinds = fitting.filter((kind) => allowed.some((entry) => entry.group === gatewayGroup && entry.kind === kind));
  const refused = allowed.filter(
    (entry) => entry.group !== gatewayGroup || !fitting.some((kind) => kind === entry.kind),
  );
  return {
    kinds,
    refused: refused.map((entry) => (entry.group === gatewayGroup ? entry.kind : `${entry.group}/${entry.kind}`)),
  };
}
