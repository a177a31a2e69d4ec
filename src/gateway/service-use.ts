import type { PolicyTarget } from "./backend-tls-policy.ts";
import type { RouteAttachment } from "./derive-routes.ts";

/** A port of a Service that routes on a Gateway send to, in a way that a BackendTLSPolicy can change. */
export interface ServiceUse extends PolicyTarget {
  /** `namespace/name`. */
  readonly gateway: string;
}

/**
 * Gateway API, PolicyAncestorStatus: a policy's ancestors are the Gateways whose routes send to its targets. What is
 * passed through as TLS, or sent as datagrams, is no business of BackendTLSPolicies.
 */
export function serviceUses(
  { route, parents }: RouteAttachment,
  uses: readonly PolicyTarget[],
): readonly (readonly [string, ServiceUse])[] {
  if (route.kind === "UDPRoute") return [];
  const gateways = parents
    .flatMap(({ listeners }) => listeners.map(({ point }) => point))
    .filter(({ tlsMode }) => tlsMode !== "Passthrough")
    .map(({ gatewayKey }) => gatewayKey);
  return [...new Set(gateways)].flatMap((gateway) =>
    uses.map((use) => [`${use.service}|${use.portName ?? ""}|${gateway}`, { ...use, gateway }] as const),
  );
}
