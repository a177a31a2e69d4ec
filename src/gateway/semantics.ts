import type { Collection } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import type { TlsCertificate } from "../ir/certificate.ts";
import type { HostTable } from "../ir/host-table.ts";
import type { Listener } from "../ir/listener.ts";
import type { TrustBundle } from "../ir/trust-bundle.ts";
import { type BackendTlsCollections, deriveBackendTls } from "./backend-tls.ts";
import { certificateName, certificateOf } from "./certificate.ts";
import { type DestinationCollections, deriveDestinations } from "./derive-destinations.ts";
import { deriveListeners, type ListenerCollections } from "./derive-listeners.ts";
import { deriveRoutes, type RouteCollections } from "./derive-routes.ts";
import { isHeldElsewhere } from "./gateway-listener.ts";
import { type HostEntry, hostEntryTable, hostTable, listenerEntries, routeEntries } from "./host-tables.ts";
import type { Resources } from "./inputs.ts";
import { socketKey } from "./listener.ts";
import type { Placement } from "./placement.ts";
import { derivePolicyAncestors, type PolicyAncestor } from "./policy-ancestors.ts";
import { type StreamEntry, socketListener } from "./sockets.ts";
import { type TrustCollections, trustedCertificates } from "./trust.ts";

/** Everything that the resources mean: what is served, and what became of each of them. */
export interface Semantics extends ListenerCollections, RouteCollections, DestinationCollections {
  readonly sockets: Collection<Listener>;
  readonly hostTables: Collection<HostTable>;
  readonly certificates: Collection<TlsCertificate>;
  readonly trustBundles: Collection<TrustBundle>;
  readonly backendTls: BackendTlsCollections;
  /** What became of each BackendTLSPolicy for each Gateway that it matters to, by `namespace/name`. */
  readonly policyAncestors: Collection<readonly PolicyAncestor[]>;
}

export interface SemanticsOptions {
  /** The authorities that this machine trusts, in PEM; asked for when a policy wants them. */
  readonly systemCertificates?: () => string | undefined;
}

/** The one place where resources get their meaning; Envoy's configuration, status and every explanation read its result. */
export function deriveSemantics(
  graph: Graph,
  resources: Resources,
  placement: Placement,
  { systemCertificates = () => undefined }: SemanticsOptions = {},
): Semantics {
  const listeners = deriveListeners(graph, resources, placement);
  const backendTls = deriveBackendTls(graph, resources, systemCertificates);
  const routes = deriveRoutes(graph, resources, listeners, backendTls);
  const destinations = deriveDestinations(graph, resources, routes, backendTls);
  return {
    ...listeners,
    ...routes,
    ...destinations,
    sockets: deriveSockets(graph, listeners, routes),
    hostTables: deriveHostTables(graph, listeners, routes),
    certificates: deriveCertificates(graph, listeners),
    trustBundles: deriveTrustBundles(graph, destinations, backendTls.trust),
    backendTls,
    policyAncestors: derivePolicyAncestors(graph, resources, listeners, routes, backendTls),
  };
}

function deriveHostTables(
  graph: Graph,
  { listeners }: ListenerCollections,
  { attachments, compiled }: RouteCollections,
): Collection<HostTable> {
  const ofListeners = graph.deriveMany("hostEntriesOfListeners", listeners, (listener, key) =>
    listenerEntries(listener).map(([entryKey, entry]) => [`${entryKey}|${key}`, entry] as const),
  );
  const ofRoutes = graph.deriveMany("hostEntriesOfRoutes", attachments, ({ route, parents }) =>
    parents.flatMap((parent) => parent.listeners.flatMap((attached) => routeEntries(route, attached))),
  );
  const entries = graph.join<HostEntry>("hostEntries", [ofListeners, ofRoutes]);
  const byTable = graph.group("hostEntriesByTable", entries, (entry) => [hostEntryTable(entry)]);
  return graph.derive("hostTables", byTable, (members, _key, { fetch }) =>
    hostTable(
      members.map((member) => member.value),
      (routeKey) => fetch(compiled, routeKey),
    ),
  );
}

function deriveSockets(
  graph: Graph,
  { listeners }: ListenerCollections,
  { attachments }: RouteCollections,
): Collection<Listener> {
  const streamEntries = graph.deriveMany("streamEntries", attachments, ({ route, parents }) =>
    parents.flatMap((parent) =>
      parent.listeners.flatMap(({ point, hostnames }) =>
        point.chain !== undefined || !point.serving
          ? []
          : hostnames
              .filter(({ hostname }) => !isHeldElsewhere(point, hostname))
              .map(({ hostname, original }) => {
                const entry: StreamEntry = {
                  routeKey: route.key,
                  seniority: route.seniority,
                  listenerKey: point.key,
                  serverName: hostname,
                  original,
                };
                return [
                  `${socketKey(point.socket)}|${point.key}|${hostname}|${route.key}`,
                  { socket: socketKey(point.socket), entry },
                ] as const;
              }),
      ),
    ),
  );
  const streamsBySocket = graph.group("streamEntriesBySocket", streamEntries, ({ socket }) => [socket]);
  const serving = graph.group("servingListenersBySocket", listeners, (listener) =>
    listener.serving ? [socketKey(listener.socket)] : [],
  );
  return graph.derive("sockets", serving, (members, key, { fetch }) =>
    socketListener(
      members.map((member) => member.value),
      (fetch(streamsBySocket, key) ?? []).map((member) => member.value.entry),
    ),
  );
}

function deriveCertificates(graph: Graph, { listeners, keyPairs }: ListenerCollections): Collection<TlsCertificate> {
  return graph.deriveMany("certificates", listeners, (listener, _key, { fetch }) =>
    (listener.serving ? listener.certificates : []).flatMap((secretKey) => {
      const certificate = certificateOf(listener.socket.proxy, secretKey, fetch(keyPairs, secretKey));
      return certificate === undefined
        ? []
        : [[`${listener.socket.proxy}|${certificateName(secretKey)}`, certificate] as const];
    }),
  );
}

function deriveTrustBundles(
  graph: Graph,
  { clusters }: DestinationCollections,
  trust: TrustCollections,
): Collection<TrustBundle> {
  return graph.deriveMany("trustBundles", clusters, ({ proxy, tls, tlsByGroup }, _key, reader) =>
    [...(tls === undefined ? [] : [tls]), ...Object.values(tlsByGroup ?? {})].flatMap(({ verification }) => {
      if (verification === undefined) return [];
      const { trust: name } = verification;
      const bundle: TrustBundle = { proxy, name, certificates: trustedCertificates(reader, trust, name) };
      return [[`${proxy}|${name}`, bundle] as const];
    }),
  );
}
