import { Cluster_DiscoveryType, type ClusterSchema } from "./generated/envoy/config/cluster/v3/cluster_pb.ts";
import type { ListenerSchema } from "./generated/envoy/config/listener/v3/listener_pb.ts";
import type { RouteSchema } from "./generated/envoy/config/route/v3/route_components_pb.ts";
import { HttpConnectionManagerSchema } from "./generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { duration, type Init, pack } from "./message.ts";
import { pipe } from "./pipe.ts";
import { router } from "./router.ts";

const ADMIN = "admin";
/** Of the admin interface, which can end the process, what others may see. */
const PATHS = ["/ready", "/stats/prometheus"];

/** Lets a kubelet and Prometheus in, and nobody to the rest of the admin interface, which stays on its private socket. */
export function healthListener(port: number): Init<typeof ListenerSchema> {
  return {
    name: "health",
    statPrefix: ADMIN,
    address: {
      address: {
        case: "socketAddress",
        value: { address: "0.0.0.0", portSpecifier: { case: "portValue", value: port } },
      },
    },
    // A full proxy is a healthy one.
    ignoreGlobalConnLimit: true,
    filterChains: [
      {
        filters: [
          {
            name: "envoy.filters.network.http_connection_manager",
            configType: {
              case: "typedConfig",
              value: pack(HttpConnectionManagerSchema, {
                // Not counted as traffic: `admin` is what drains leave out.
                statPrefix: ADMIN,
                routeSpecifier: {
                  case: "routeConfig",
                  value: {
                    name: "health",
                    virtualHosts: [{ name: "health", domains: ["*"], routes: PATHS.map(route) }],
                  },
                },
                httpFilters: [router()],
              }),
            },
          },
        ],
      },
    ],
  };
}

function route(path: string): Init<typeof RouteSchema> {
  return {
    match: {
      pathSpecifier: { case: "path", value: path },
      headers: [
        {
          name: ":method",
          headerMatchSpecifier: { case: "stringMatch", value: { matchPattern: { case: "exact", value: "GET" } } },
        },
      ],
    },
    action: {
      case: "route",
      value: {
        clusterSpecifier: { case: "cluster", value: ADMIN },
        timeout: duration(5_000),
      },
    },
  };
}

/** The admin interface, as a cluster. */
export function adminCluster(socket: string): Init<typeof ClusterSchema> {
  return {
    name: ADMIN,
    clusterDiscoveryType: { case: "type", value: Cluster_DiscoveryType.STATIC },
    connectTimeout: duration(1_000),
    loadAssignment: {
      clusterName: ADMIN,
      endpoints: [{ lbEndpoints: [{ hostIdentifier: { case: "endpoint", value: { address: pipe(socket) } } }] }],
    },
  };
}
