import type { Gateway } from "../resources/generated/gateway-api.ts";

/** What a Gateway asks for in spec.addresses. */
export interface RequestedAddresses {
  /** IP addresses that a load balancer is to have, each with a Service of its own. */
  readonly loadBalancer: readonly string[];
  /** Any address of a load balancer will do; also when nothing was asked for. */
  readonly anyLoadBalancer: boolean;
  /** Names that the load balancer is to have. */
  readonly hostnames: readonly string[];
  /** An address of the cluster's own (routability `Cluster`). */
  readonly cluster: boolean;
  /** The address of the cluster's own that it is to be. */
  readonly clusterAddress?: string;
}

/** Gateway API, GatewaySpecAddress: without a value, one is assigned; without addresses, the implementation's default. */
export function requestedAddresses({ spec }: Gateway): RequestedAddresses {
  const addresses = (spec.addresses ?? []).map(({ type, value, routability }) => ({
    type,
    value: value === "" ? undefined : value,
    inCluster: routability === "Cluster",
  }));
  const cluster = addresses.filter(({ inCluster }) => inCluster);
  const outside = addresses.filter(({ inCluster }) => !inCluster);
  const clusterAddress = cluster.find(({ value }) => value !== undefined)?.value;
  return {
    loadBalancer: [
      ...new Set(outside.flatMap(({ type, value }) => (type === "IPAddress" && value !== undefined ? [value] : []))),
    ],
    anyLoadBalancer: addresses.length === 0 || outside.some(({ value }) => value === undefined),
    hostnames: outside.flatMap(({ type, value }) => (type === "Hostname" && value !== undefined ? [value] : [])),
    cluster: cluster.length > 0,
    ...(clusterAddress === undefined ? {} : { clusterAddress }),
  };
}
