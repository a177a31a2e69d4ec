import type { ForwardAction, WeightedDestination } from "../ir/rule.ts";
import {
  RouteAction_ClusterNotFoundResponseCode,
  type RouteActionSchema,
  type WeightedCluster_ClusterWeightSchema,
} from "./generated/envoy/config/route/v3/route_components_pb.ts";
import { hostFrom, requestHeaders, responseHeaders } from "./headers.ts";
import type { Init } from "./message.ts";
import { MISSING_CLUSTER } from "./missing-cluster.ts";
import { SESSION_PERSISTENCE, sessionPersistence } from "./session-persistence.ts";

const { INTERNAL_SERVER_ERROR, SERVICE_UNAVAILABLE } = RouteAction_ClusterNotFoundResponseCode;

/** The destinations that get a share of the traffic. */
export function weighted(action: ForwardAction): readonly WeightedDestination[] {
  const shares = action.destinations.filter((destination) => destination.weight > 0);
  // Weights of 0 alone: Envoy would refuse the table. The specification answers all with 500.
  return shares.length > 0 ? shares : action.destinations.slice(0, 1).map(({ origin }) => ({ weight: 1, origin }));
}

/**
 * Where requests go. A cluster that Envoy refuses is as one that never exists. The share of a destination without a cluster goes to one that never exists, which Envoy answers with 500,
 * as HTTPRouteRule.backendRefs asks, or with UNAVAILABLE (503) as GRPCRouteRule.backendRefs does.
 */
export function destinations(shares: readonly WeightedDestination[], grpc: boolean): Init<typeof RouteActionSchema> {
  const [only] = shares;
  const plain =
    shares.length === 1 &&
    only?.requestHeaders === undefined &&
    only?.responseHeaders === undefined &&
    only?.sessionPersistence === undefined;
  return {
    clusterSpecifier:
      plain && only?.rewrite?.hostname === undefined
        ? { case: "cluster", value: only?.cluster ?? MISSING_CLUSTER }
        : { case: "weightedClusters", value: { clusters: shares.map((share) => clusterWeight(share)) } },
    clusterNotFoundResponseCode: grpc ? SERVICE_UNAVAILABLE : INTERNAL_SERVER_ERROR,
  };
}

function clusterWeight(share: WeightedDestination): Init<typeof WeightedCluster_ClusterWeightSchema> {
  const session = share.sessionPersistence;
  const hostname = share.rewrite?.hostname ?? hostFrom(share.requestHeaders);
  return {
    name: share.cluster ?? MISSING_CLUSTER,
    weight: share.weight,
    ...requestHeaders(share.requestHeaders),
    ...responseHeaders(share.responseHeaders),
    ...(session && { typedPerFilterConfig: { [SESSION_PERSISTENCE]: sessionPersistence(session) } }),
    ...(hostname !== undefined && { hostRewriteSpecifier: { case: "hostRewriteLiteral", value: hostname } }),
  };
}
