import { create } from "@bufbuild/protobuf";
import type { Endpoint, EndpointGroup, EndpointSet } from "../ir/cluster.ts";
import { HealthStatus } from "./generated/envoy/config/core/v3/health_check_pb.ts";
import type {
  LbEndpointSchema,
  LocalityLbEndpointsSchema,
} from "./generated/envoy/config/endpoint/v3/endpoint_components_pb.ts";
import { ClusterLoadAssignmentSchema } from "./generated/envoy/config/endpoint/v3/endpoint_pb.ts";
import { type Init, resource } from "./message.ts";
import type { EnvoyResource } from "./resource.ts";

// Envoy scales a locality's weight by its healthy share times this percentage, up to the whole weight. The default, 140, would
// shift traffic away from a group as soon as less than 71 % of it are ready; so a group keeps its share until one in a hundred is left.
const OVERPROVISIONING = 10_000;

/**
 * Endpoints of a cluster. Each group is a locality of its own and its weight the locality's, so that a weight is a share of
 * traffic whatever the number of endpoints behind it. Groups without endpoints or weight take no traffic and are left out.
 */
export function endpointsResource(set: EndpointSet): EnvoyResource {
  const assignment = create(ClusterLoadAssignmentSchema, loadAssignment(set.name, set.groups));
  return resource(set.proxy, set.name, ClusterLoadAssignmentSchema, assignment);
}

/** @see endpointsResource */
export function loadAssignment(
  clusterName: string,
  groups: readonly EndpointGroup[],
): Init<typeof ClusterLoadAssignmentSchema> {
  return {
    clusterName,
    endpoints: groups.flatMap((group, index) => locality(group, index)),
    policy: { overprovisioningFactor: OVERPROVISIONING },
  };
}

function locality(group: EndpointGroup, index: number): Init<typeof LocalityLbEndpointsSchema>[] {
  if (group.weight === 0 || group.endpoints.length === 0) return [];
  return [
    {
      locality: { zone: String(index) },
      loadBalancingWeight: group.weight,
      lbEndpoints: group.endpoints.map((endpoint) => lbEndpoint(endpoint, group.tls)),
    },
  ];
}

function lbEndpoint({ address, port, health }: Endpoint, tls: string | undefined): Init<typeof LbEndpointSchema> {
  return {
    hostIdentifier: {
      case: "endpoint",
      value: {
        address: {
          address: {
            case: "socketAddress",
            value: { address, portSpecifier: { case: "portValue", value: port } },
          },
        },
      },
    },
    ...(tls !== undefined && { metadata: { filterMetadata: { "envoy.transport_socket_match": { tls } } } }),
    healthStatus: health === "draining" ? HealthStatus.DRAINING : HealthStatus.UNKNOWN,
  };
}
