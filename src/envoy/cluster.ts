import { create } from "@bufbuild/protobuf";
import type { Any } from "@bufbuild/protobuf/wkt";
import type { Cluster, Endpoint, EndpointGroup } from "../ir/cluster.ts";
import { ads, WAIT_A_LITTLE } from "./ads.ts";
import { backendHealth } from "./backend-health.ts";
import { loadAssignment } from "./endpoints.ts";
import {
  Cluster_DiscoveryType,
  ClusterSchema,
  type Cluster as EnvoyCluster,
} from "./generated/envoy/config/cluster/v3/cluster_pb.ts";
import { DnsLookupFamily } from "./generated/envoy/extensions/clusters/common/dns/v3/dns_pb.ts";
import { DnsClusterSchema } from "./generated/envoy/extensions/clusters/dns/v3/dns_cluster_pb.ts";
import { LeastRequestSchema } from "./generated/envoy/extensions/load_balancing_policies/least_request/v3/least_request_pb.ts";
import { RoundRobinSchema } from "./generated/envoy/extensions/load_balancing_policies/round_robin/v3/round_robin_pb.ts";
import { HttpProtocolOptionsSchema } from "./generated/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.ts";
import { duration, type Init, pack, resource } from "./message.ts";
import type { EnvoyResource } from "./resource.ts";
import { retryBudgetFilters } from "./retry-budget.ts";
import { upstreamTls } from "./tls.ts";

const SECOND = 1_000;
const UNLIMITED = 0xffff_ffff;
/** Bounds how often the worker threads have to look at all endpoints of a cluster anew. */
const MERGE_MS = 10;

/** A backend of a proxy. Its endpoints come by themselves (EDS), so that they touch neither it nor a route. */
export function clusterResource(cluster: Cluster): EnvoyResource {
  const needs = cluster.discovery.kind === "endpoints" ? { endpoints: cluster.discovery.endpoints } : {};
  return resource(cluster.proxy, cluster.name, ClusterSchema, envoyCluster(cluster), needs);
}

/** @see clusterResource */
export function envoyCluster(cluster: Cluster): EnvoyCluster {
  return create(ClusterSchema, {
    name: cluster.name,
    // Envoy splits the names of statistics at dots.
    altStatName: cluster.name.includes(".") ? cluster.name.replaceAll(".", "_") : "",
    ...discovery(cluster),
    connectTimeout: duration(5 * SECOND),
    perConnectionBufferLimitBytes: 32 * 1024,
    loadBalancingPolicy: { policies: [{ typedExtensionConfig: loadBalancing(cluster) }] },
    // Draining endpoints count as unhealthy. They get new traffic only when no healthy one is left, not from half of them on.
    commonLbConfig: {
      healthyPanicThreshold: { value: 1 },
      // By default what is heard of an endpoint within a second of the last news of its cluster waits for the end of that second: one that
      // is back after its ejection, and fails at once, would go on to fail; so would one that begins to drain in a rollout.
      updateMergeWindow: duration(MERGE_MS),
    },
    circuitBreakers: {
      thresholds: [
        {
          maxConnections: UNLIMITED,
          maxPendingRequests: UNLIMITED,
          maxRequests: UNLIMITED,
          maxRetries: UNLIMITED,
        },
      ],
    },
    ignoreHealthOnHostRemoval: true,
    ...(cluster.health && backendHealth(cluster.health, cluster.protocol)),
    typedExtensionProtocolOptions: protocolOptions(cluster),
    ...(cluster.tls && { transportSocket: upstreamTls(cluster.tls, cluster.protocol) }),
    transportSocketMatches: Object.entries(cluster.tlsByGroup ?? {}).map(([tls, upstream]) => ({
      name: tls,
      match: { tls },
      transportSocket: upstreamTls(upstream, cluster.protocol),
    })),
  });
}

function discovery(cluster: Cluster): Init<typeof ClusterSchema> {
  const source = cluster.discovery;
  switch (source.kind) {
    case "endpoints":
      return {
        clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.EDS },
        edsClusterConfig: { edsConfig: ads(WAIT_A_LITTLE), serviceName: source.endpoints },
      };
    case "dns":
      return dnsCluster(cluster.name, [{ weight: 1, endpoints: [named(source.hostname, source.port)] }], {
        dnsLookupFamily: DnsLookupFamily.ALL,
        // One backend at many addresses, tried one after the other (RFC 8305). Were each a backend of its own, a share of
        // all requests would go to the IPv6 address of a name on a machine that has no IPv6.
        allAddressesInSingleEndpoint: true,
      });
    case "groups":
      // Envoy tries a name's addresses one after the other only where the cluster has no other name.
      return dnsCluster(cluster.name, source.groups, { dnsLookupFamily: DnsLookupFamily.V4_PREFERRED });
  }
}

function named(hostname: string, port: number): Endpoint {
  return { address: hostname, port, health: "healthy" };
}

function dnsCluster(
  name: string,
  groups: readonly EndpointGroup[],
  how: Init<typeof DnsClusterSchema>,
): Init<typeof ClusterSchema> {
  return {
    clusterDiscoveryType: {
      case: "clusterType",
      value: {
        name: "envoy.clusters.dns",
        typedConfig: pack(DnsClusterSchema, {
          ...how,
          respectDnsTtl: true,
          dnsRefreshRate: duration(30 * SECOND),
          dnsFailureRefreshRate: { baseInterval: duration(SECOND), maxInterval: duration(10 * SECOND) },
        }),
      },
    },
    loadAssignment: loadAssignment(name, groups),
  };
}

/** Requests go to the endpoint with the fewest; connections and datagrams go round, by the weight of their group. */
function loadBalancing({ protocol }: Cluster): { name: string; typedConfig: Any } {
  if (protocol === "HTTP/1.1" || protocol === "HTTP/2") {
    return { name: "envoy.load_balancing_policies.least_request", typedConfig: pack(LeastRequestSchema, {}) };
  }
  const localityConfigSpecifier = { case: "localityWeightedLbConfig" as const, value: {} };
  return {
    name: "envoy.load_balancing_policies.round_robin",
    typedConfig: pack(RoundRobinSchema, { localityLbConfig: { localityConfigSpecifier } }),
  };
}

function protocolOptions({ protocol, tls, retryBudget }: Cluster): Record<string, Any> {
  if (protocol === "TCP" || protocol === "UDP") return {};
  const options = pack(HttpProtocolOptionsSchema, {
    commonHttpProtocolOptions: { idleTimeout: duration(60 * SECOND) },
    ...(tls !== undefined && tls.serverName === undefined && { upstreamHttpProtocolOptions: { autoSni: true } }),
    ...(retryBudget && { httpFilters: retryBudgetFilters(retryBudget) }),
    upstreamProtocolOptions: {
      case: "explicitHttpConfig",
      value: {
        protocolConfig:
          protocol === "HTTP/2"
            ? {
                case: "http2ProtocolOptions",
                value: { initialStreamWindowSize: 64 * 1024, initialConnectionWindowSize: 1024 * 1024 },
              }
            : { case: "httpProtocolOptions", value: {} },
      },
    },
  });
  return { "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options };
}
