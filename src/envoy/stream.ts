import { create } from "@bufbuild/protobuf";
import type { StreamChain } from "../ir/listener.ts";
import { accessLogs } from "./access-log.ts";
import {
  type TcpProxy,
  TcpProxySchema,
} from "./generated/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.ts";
import { duration } from "./message.ts";
import { MISSING_CLUSTER } from "./missing-cluster.ts";

const HOUR = 3_600_000;

/** Bytes of a connection go to the chain's cluster; a chain without one closes it. A host that refuses is passed over twice. */
export function tcpProxy(chain: StreamChain, statPrefix: string): TcpProxy {
  return create(TcpProxySchema, {
    statPrefix,
    clusterSpecifier: { case: "cluster", value: chain.cluster ?? MISSING_CLUSTER },
    idleTimeout: duration(HOUR),
    maxConnectAttempts: 3,
    accessLog: accessLogs(chain, statPrefix),
  });
}
