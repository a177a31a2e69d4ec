import { create } from "@bufbuild/protobuf";
import type { DatagramChain } from "../ir/listener.ts";
import { accessLogs } from "./access-log.ts";
import { RouteSchema } from "./generated/envoy/extensions/filters/udp/udp_proxy/v3/route_pb.ts";
import {
  type UdpProxyConfig,
  UdpProxyConfigSchema,
} from "./generated/envoy/extensions/filters/udp/udp_proxy/v3/udp_proxy_pb.ts";
import { duration, pack } from "./message.ts";
import { MISSING_CLUSTER } from "./missing-cluster.ts";

/**
 * Datagrams of one client (address and port) go to one endpoint until none came for a minute; a chain without a cluster drops
 * them.
 */
export function udpProxy(chain: DatagramChain, statPrefix: string): UdpProxyConfig {
  return create(UdpProxyConfigSchema, {
    statPrefix,
    routeSpecifier: {
      case: "matcher",
      value: {
        onNoMatch: {
          onMatch: {
            case: "action",
            value: { name: "route", typedConfig: pack(RouteSchema, { cluster: chain.cluster ?? MISSING_CLUSTER }) },
          },
        },
      },
    },
    idleTimeout: duration(60_000),
    accessLog: accessLogs(chain, statPrefix),
  });
}
