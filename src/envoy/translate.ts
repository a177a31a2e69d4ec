import type { Collection } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import type { TlsCertificate } from "../ir/certificate.ts";
import type { Cluster, EndpointSet } from "../ir/cluster.ts";
import type { HostTable } from "../ir/host-table.ts";
import type { Listener } from "../ir/listener.ts";
import type { TrustBundle } from "../ir/trust-bundle.ts";
import { clusterResource } from "./cluster.ts";
import { endpointsResource } from "./endpoints.ts";
import { fixResource, serverNamesOf, type Wildcard } from "./fix.ts";
import { hostTableResource } from "./host-table.ts";
import { listenerResource } from "./listener.ts";
import { misdirectedResource } from "./misdirected.ts";
import type { Options } from "./options.ts";
import { type EnvoyResource, envoyResourceKey } from "./resource.ts";
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
  function each<Node>(name: string, from: Collection<Node>, encode: (node: Node) => EnvoyResource) {
    const same = { equals: sameResource };
    return graph.deriveMany(
      name,
      from,
      (node: Node) => {
        const resource = encode(node);
        return [[envoyResourceKey(resource), resource] as const];
      },
      same,
    );
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
      each("envoy/listeners", meaning.listeners, (listener) => listenerResource(listener, options)),
      each("envoy/scopes", meaning.hostTables, (table) => hostTableResource(table, options)),
      each("envoy/clusters", meaning.clusters, clusterResource),
      each("envoy/endpoints", meaning.endpoints, endpointsResource),
      each("envoy/secrets", meaning.certificates, secretResource),
      each("envoy/trust", meaning.trustBundles, trustResource),
      fixes,
    ],
    { equals: sameResource },
  );
}

/** Versions are hashes of the bytes, and what a resource needs follows from its bytes. */
function sameResource(a: EnvoyResource, b: EnvoyResource): boolean {
  return a.version === b.version && a.name === b.name && a.typeUrl === b.typeUrl && a.proxy === b.proxy;
}
