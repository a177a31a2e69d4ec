import type { Gateway, GatewaySpecAddress } from "../resources/generated/gateway-api.ts";
import type { ProxyParameters } from "./proxy-parameters.ts";

/** GEP-5093: it says nothing of who reaches an address, and is reported as it was asked for. The conformance suite's own. */
export const sentinelRoutability = "testing.x-k8s.io/sentinel";

/** What a Gateway asks for in spec.addresses. */
export interface RequestedAddresses {
  /** IP addresses that a load balancer is to have, each with a Service of its own. */
  readonly loadBalancer: readonly string[];
  /** Any address of a load balancer will do; also when nothing was asked for. */
  readonly anyLoadBalancer: boolean;
  /** Names that the load balancer is to have. */
  readonly hostnames: readonly string[];
  /** The address of the cluster's own that it is to be. */
  readonly clusterAddress?: string;
}

/** Who is to reach an address: anybody, as usual; the cluster, at an address of its own; or nobody that is known here. */
export type Reach = "default" | "cluster" | "unknown";

/** GEP-5093, GatewaySpecAddress.routability: `Cluster` means something for IP addresses alone. */
export function reachOf({ type, routability = "" }: GatewaySpecAddress): Reach {
  if (routability === "" || routability === sentinelRoutability) return "default";
  return routability === "Cluster" && type === "IPAddress" ? "cluster" : "unknown";
}

/** The value of a requested address; undefined where any will do. */
export function requestedValue({ value = "" }: GatewaySpecAddress): string | undefined {
  return value === "" ? undefined : value;
}

/** What a Gateway asks for: its own `spec.addresses`, or else those of its parameters, which are a load balancer's. */
export function addressesOf(
  { spec }: Gateway,
  { service }: Pick<ProxyParameters, "service">,
): readonly GatewaySpecAddress[] {
  const own = spec.addresses ?? [];
  if (own.length > 0 || service.type !== "LoadBalancer") return own;
  return (service.addresses ?? []).map((value) => ({ type: "IPAddress", value }));
}

/** Gateway API, GatewaySpecAddress: without a value, one is assigned; without addresses, the implementation's default. */
export function requestedAddresses(gateway: Gateway, parameters: Pick<ProxyParameters, "service">): RequestedAddresses {
  const addresses = addressesOf(gateway, parameters);
  const outside = addresses.filter((address) => reachOf(address) === "default");
  const valuesOf = (type: string): readonly string[] =>
    outside.flatMap((address) => (address.type === type ? (requestedValue(address) ?? []) : []));
  const clusterAddress = addresses
    .filter((address) => reachOf(address) === "cluster")
    .map(requestedValue)
    .find((value) => value !== undefined);
  return {
    loadBalancer: [...new Set(valuesOf("IPAddress"))],
    anyLoadBalancer: addresses.length === 0 || outside.some((address) => requestedValue(address) === undefined),
    hostnames: valuesOf("Hostname"),
    ...(clusterAddress === undefined ? {} : { clusterAddress }),
  };
}
