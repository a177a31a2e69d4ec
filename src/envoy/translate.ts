import type { DescMessage } from "@bufbuild/protobuf";
import type { Collection, Renaming } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import type { TlsCertificate } from "../ir/certificate.ts";
import type { Cluster, EndpointSet } from "../ir/cluster.ts";
import type { HostTable } from "../ir/host-table.ts";
import type { Listener } from "../ir/listener.ts";
import type { TrustBundle } from "../ir/trust-bundle.ts";
import { clusterResource } from "./cluster.ts";
import { endpointsResource } from "./endpoints.ts";
import { fixResource, serverNamesOf, type Wildcard } from "./fix.ts";
import { ClusterSchema } from "./generated/envoy/config/cluster/v3/cluster_pb.ts";
import { ClusterLoadAssignmentSchema } from "./generated/envoy/config/endpoint/v3/endpoint_pb.ts";
import { ListenerSchema } from "./generated/envoy/config/listener/v3/listener_pb.ts";
import { ScopedRouteConfigurationSchema } from "./generated/envoy/config/route/v3/scoped_route_pb.ts";
import { SecretSchema } from "./generated/envoy/extensions/transport_sockets/tls/v3/secret_pb.ts";
import { hostTableResource } from "./host-table.ts";
import { listenerResource } from "./listener.ts";
import { typeUrl } from "./message.ts";
import { misdirectedResource } from "./misdirected.ts";
import type { Options } from "./options.ts";
import { type EnvoyResource, envoyResourceKey } from "./resource.ts";
import { scopeKey } from "./scope.ts";
import { secretResource, trustResource } from "./secret.ts";

/** The meaning, as the gateway's collections hold it. */
export interface Meaning {
  readonly listeners: Collection<Listener>;
  readonly hostTables: Collection<HostTable>;
  readonly clusters: Collection<Cluster>;
  readonly endpoints: Collection<EndpointSet>;
  readonly certificates: Collection<TlsCertificate>;
  readonly trustBundles: Collection<TrustBundle>;
}

/**
 * All resources of all proxies, keyed by {@link envoyResourceKey}. A table that changes is encoded anew, by itself; so is
 * everything else.
 */
export function translate(graph: Graph, meaning: Meaning, options: Options): Collection<EnvoyResource> {
  function each<Node>(
    kind: string,
    from: Collection<Node>,
    schema: DescMessage,
    encode: (node: Node) => EnvoyResource,
    nameOf?: (name: string) => string,
  ) {
    return graph.derive(`envoy/${kind}`, from, encode, { equals: sameResource, renamed: asResources(schema, nameOf) });
  }

  const wildcards = graph.derive("envoy/wildcards", meaning.hostTables, ({ proxy, chain, hostname }) =>
    hostname.startsWith("*") ? { proxy, chain, hostname } : undefined,
  );
  const wildcardsOfProxy = graph.group("envoy/wildcards-of-proxy", wildcards, ({ proxy }) => [proxy]);
  const serverNames = graph.derive("envoy/server-names", meaning.listeners, (listener) => {
    const names = serverNamesOf(listener);
    return names && { proxy: listener.proxy, names };
  });
  const serverNamesOfProxy = graph.group("envoy/server-names-of-proxy", serverNames, ({ proxy }) => [proxy]);
  const fixes = graph.deriveMany(
    "envoy/fixes",
    wildcardsOfProxy,
    (members, proxy, { fetch }) => {
      const listeners = (fetch(serverNamesOfProxy, proxy) ?? []).map((member) => member.value.names);
      const fix = fixResource(
        proxy,
        members.map((member): Wildcard => member.value),
        listeners,
      );
      const resources = listeners.length > 0 ? [fix, misdirectedResource(proxy)] : [fix];
      return resources.map((resource) => [envoyResourceKey(resource), resource] as const);
    },
    { equals: sameResource },
  );

  return graph.join(
    "envoy/resources",
    [
      each("listeners", meaning.listeners, ListenerSchema, (listener) => listenerResource(listener, options)),
      each(
        "scopes",
        meaning.hostTables,
        ScopedRouteConfigurationSchema,
        (table) => hostTableResource(table, options),
        scopeOf,
      ),
      each("clusters", meaning.clusters, ClusterSchema, clusterResource),
      each("endpoints", meaning.endpoints, ClusterLoadAssignmentSchema, endpointsResource),
      each("secrets", meaning.certificates, SecretSchema, secretResource),
      each("trust", meaning.trustBundles, SecretSchema, trustResource),
      fixes,
    ],
    { equals: sameResource },
  );
}

/** Of nodes, which are keyed `${proxy}|${name}`. */
function asResources(schema: DescMessage, nameOf = (name: string) => name): Renaming {
  const type = typeUrl(schema);
  return {
    of: (key) => {
      const [proxy = ""] = key.split("|", 1);
      return envoyResourceKey({ proxy, typeUrl: type, name: nameOf(key.slice(proxy.length + 1)) });
    },
  };
}

/** The name of the scope of the table that is called `${chain}/${hostname}`. */
function scopeOf(table: string): string {
  const end = table.lastIndexOf("/");
  return scopeKey(table.slice(0, end), table.slice(end + 1));
}

/** Versions are hashes of the bytes, and what a resource needs follows from its bytes. */
function sameResource(a: EnvoyResource, b: EnvoyResource): boolean {
  return a.version === b.version && a.name === b.name && a.typeUrl === b.typeUrl && a.proxy === b.proxy;
}
