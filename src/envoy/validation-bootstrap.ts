import { create, type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import type { Any } from "@bufbuild/protobuf/wkt";
import { processWide } from "./bootstrap.ts";
import { MISSED } from "./fix.ts";
import { type Bootstrap, BootstrapSchema } from "./generated/envoy/config/bootstrap/v3/bootstrap_pb.ts";
import { type Cluster, Cluster_DiscoveryType, ClusterSchema } from "./generated/envoy/config/cluster/v3/cluster_pb.ts";
import {
  type ClusterLoadAssignment,
  ClusterLoadAssignmentSchema,
} from "./generated/envoy/config/endpoint/v3/endpoint_pb.ts";
import type { FilterChain } from "./generated/envoy/config/listener/v3/listener_components_pb.ts";
import { ListenerSchema } from "./generated/envoy/config/listener/v3/listener_pb.ts";
import {
  type ScopedRouteConfiguration,
  ScopedRouteConfigurationSchema,
} from "./generated/envoy/config/route/v3/scoped_route_pb.ts";
import {
  type HttpConnectionManager,
  HttpConnectionManagerSchema,
  ScopedRouteConfigurationsListSchema,
} from "./generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { SecretSchema } from "./generated/envoy/extensions/transport_sockets/tls/v3/secret_pb.ts";
import {
  type CommonTlsContext,
  DownstreamTlsContextSchema,
  UpstreamTlsContextSchema,
} from "./generated/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts";
import { typeUrl } from "./message.ts";
import { MISDIRECTED } from "./misdirected.ts";
import { pipe } from "./pipe.ts";
import { bytesOf, type EnvoyResource } from "./resource.ts";
import { scopePrefix } from "./scope.ts";
import { toJsonObject } from "./to-json.ts";

/** How to run what is otherwise only validated. */
export interface ValidationOptions {
  readonly adminSocket?: string;
}

/**
 * Everything that one proxy would be sent, as one static bootstrap, in the JSON that Envoy reads: what
 * `envoy --mode validate` accepts, Envoy accepts over xDS too. It can also be run, with no control plane.
 *
 * Scopes, endpoints and secrets are inside; nothing else differs from what is sent.
 *
 * @param resources of one proxy
 */
export function validationBootstrap(resources: Iterable<EnvoyResource>, options: ValidationOptions = {}): object {
  return toJsonObject(BootstrapSchema, validationMessage(resources, options));
}

function validationMessage(resources: Iterable<EnvoyResource>, options: ValidationOptions): Bootstrap {
  const known = [...resources];
  function all<Schema extends DescMessage>(schema: Schema): MessageShape<Schema>[] {
    return known.filter((one) => one.typeUrl === typeUrl(schema)).map((one) => fromBinary(schema, bytesOf(one)));
  }
  const scopes = all(ScopedRouteConfigurationSchema);
  const assignments = new Map(all(ClusterLoadAssignmentSchema).map((set) => [set.clusterName, set]));
  const listeners = all(ListenerSchema);
  for (const chain of listeners.flatMap((listener) => listener.filterChains)) makeChainStatic(chain, scopes);
  const clusters = all(ClusterSchema);
  for (const cluster of clusters) makeClusterStatic(cluster, assignments);
  return create(BootstrapSchema, {
    ...processWide(50_000),
    ...(options.adminSocket !== undefined && { admin: { address: pipe(options.adminSocket) } }),
    staticResources: { listeners, clusters, secrets: all(SecretSchema) },
  });
}

// The messages below were decoded for this bootstrap alone, so they are edited in place.

function makeClusterStatic(cluster: Cluster, assignments: ReadonlyMap<string, ClusterLoadAssignment>): void {
  const sockets = [cluster.transportSocket, ...cluster.transportSocketMatches.map((match) => match.transportSocket)];
  for (const socket of sockets) {
    if (socket?.configType.case !== "typedConfig") continue;
    edit(socket.configType.value, UpstreamTlsContextSchema, makeSecretsStatic);
  }
  const name = cluster.edsClusterConfig?.serviceName;
  if (name === undefined) return;
  const assignment = assignments.get(name) ?? create(ClusterLoadAssignmentSchema);
  cluster.clusterDiscoveryType = { case: "type", value: Cluster_DiscoveryType.STATIC };
  cluster.loadAssignment = { ...assignment, clusterName: cluster.name };
  cluster.edsClusterConfig = undefined;
}

function makeChainStatic(chain: FilterChain, scopes: readonly ScopedRouteConfiguration[]): void {
  const shared = [MISSED, MISDIRECTED];
  const own = scopes.filter(({ name }) => shared.includes(name) || name.startsWith(scopePrefix(chain.name)));
  for (const filter of chain.filters) {
    if (filter.configType.case !== "typedConfig") continue;
    edit(filter.configType.value, HttpConnectionManagerSchema, (manager) => makeManagerStatic(manager, own));
  }
  const socket = chain.transportSocket?.configType;
  if (socket?.case !== "typedConfig") return;
  edit(socket.value, DownstreamTlsContextSchema, makeSecretsStatic);
}

function makeSecretsStatic({ commonTlsContext }: { readonly commonTlsContext?: CommonTlsContext | undefined }): void {
  const validation = commonTlsContext?.validationContextType;
  for (const secret of commonTlsContext?.tlsCertificateSdsSecretConfigs ?? []) secret.sdsConfig = undefined;
  if (validation?.case !== "combinedValidationContext") return;
  if (validation.value.validationContextSdsSecretConfig !== undefined) {
    validation.value.validationContextSdsSecretConfig.sdsConfig = undefined;
  }
}

function makeManagerStatic(manager: HttpConnectionManager, scopes: ScopedRouteConfiguration[]): void {
  if (manager.routeSpecifier.case !== "scopedRoutes") return;
  const list = create(ScopedRouteConfigurationsListSchema, { scopedRouteConfigurations: scopes });
  manager.routeSpecifier.value.configSpecifier = { case: "scopedRouteConfigurationsList", value: list };
}

function edit<Schema extends DescMessage>(
  any: Any,
  schema: Schema,
  change: (message: MessageShape<Schema>) => void,
): void {
  if (any.typeUrl !== typeUrl(schema)) return;
  const message = fromBinary(schema, any.value);
  change(message);
  any.value = toBinary(schema, message);
}
