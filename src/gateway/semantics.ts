import type { Collection, Reader } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import type { TlsCertificate } from "../ir/certificate.ts";
import type { Cluster, UpstreamTls } from "../ir/cluster.ts";
import { type HostTable, hostTableKey } from "../ir/host-table.ts";
import type { Listener } from "../ir/listener.ts";
import type { TrustBundle } from "../ir/trust-bundle.ts";
import { type BackendHealthCollections, deriveBackendHealth } from "./backend-health.ts";
import { backendService } from "./backend-service.ts";
import { type BackendTlsCollections, deriveBackendTls } from "./backend-tls.ts";
import { type BackendTrafficCollections, deriveBackendTraffic } from "./backend-traffic.ts";
import { certificateName, certificateOf, secretOf } from "./certificate.ts";
import { type DestinationCollections, deriveDestinations } from "./derive-destinations.ts";
import { deriveGateways } from "./derive-gateways.ts";
import { deriveListeners, type ListenerCollections } from "./derive-listeners.ts";
import { deriveReferences, type ReferenceCollections } from "./derive-references.ts";
import { deriveRoutes, type RouteCollections } from "./derive-routes.ts";
import { isHeldElsewhere } from "./gateway-listener.ts";
import { type HostEntry, hostTable, listenerEntries, routeEntries } from "./host-tables.ts";
import type { Resources } from "./inputs.ts";
import { type ListenerContext, socketKey } from "./listener.ts";
import { type BackendLocator, deriveBackendLocator } from "./locate-backend.ts";
import { deriveNamedCertificates, type NamedCertificates } from "./named-certificates.ts";
import type { Placement } from "./placement.ts";
import {
  type AncestorKind,
  healthPolicyAncestors,
  type PolicyAncestors,
  tlsPolicyAncestors,
  trafficPolicyAncestors,
  xBackendAncestors,
} from "./policy-ancestors.ts";
import { chainsOf, type ListenerChains, type StreamEntry, socketListener, streamClusterName } from "./sockets.ts";
import { deriveTelemetry, type TelemetryCollections } from "./telemetry.ts";
import { deriveTrust, type TrustCollections, trustedCertificates } from "./trust.ts";
import { type ReadXBackend, readXBackend, routableXBackend } from "./x-backend.ts";

/** Everything that the resources mean: what is served, and what became of each of them. */
export interface Semantics
  extends ListenerCollections,
    RouteCollections,
    DestinationCollections,
    TelemetryCollections,
    Pick<BackendLocator, "locate" | "selectorServices"> {
  readonly sockets: Collection<Listener>;
  readonly hostTables: Collection<HostTable>;
  readonly certificates: Collection<TlsCertificate>;
  readonly trustBundles: Collection<TrustBundle>;
  readonly named: NamedCertificates;
  readonly backendTls: BackendTlsCollections;
  readonly backendTraffic: BackendTrafficCollections;
  readonly backendHealth: BackendHealthCollections;
  /** By `namespace/name`. */
  readonly xBackends: Collection<ReadXBackend>;
  /** What became of each policy, and of each XBackend, for each Gateway that it matters to. */
  readonly ancestors: Readonly<Record<AncestorKind, PolicyAncestors>>;
}

export interface SemanticsOptions {
  /** The authorities that this machine trusts, in PEM; asked for when a policy wants them. Absent: nobody will be served. */
  readonly systemCertificates?: () => string | undefined;
  /** Kinds that the API server does not have, by `Kind.group`; absent where resources come from files. */
  readonly unservedKinds?: Collection<true>;
}

/** The one place where resources get their meaning; Envoy's configuration, status and every explanation read its result. */
export function deriveSemantics(
  graph: Graph,
  resources: Resources,
  placement: Placement,
  { systemCertificates, unservedKinds = graph.input("unservedKinds") }: SemanticsOptions = {},
): Semantics {
  const gateways = deriveGateways(graph, resources, placement);
  const named = deriveNamedCertificates(graph, resources, gateways);
  const trust = deriveTrust(graph, resources, named.authorities, systemCertificates, unservedKinds);
  const references = deriveReferences(graph, resources, named.keyPairs);
  const backendTls = deriveBackendTls(graph, resources, trust);
  const backendTraffic = deriveBackendTraffic(graph, resources);
  const backendHealth = deriveBackendHealth(graph, resources);
  const xBackends = graph.derive("xBackends", resources.XBackend, (object, _key, reader) =>
    readXBackend(object, placement, reader, trust, references),
  );
  const context: ListenerContext = {
    ...references,
    trust,
    services: graph.derive("backendServices", resources.Service, (service) => backendService(service, placement)),
    xBackends: graph.derive("routableXBackends", xBackends, routableXBackend),
    tlsHolders: backendTls.holders,
    sessions: backendTraffic.sessions,
  };
  const listeners = deriveListeners(graph, resources, placement, gateways, context);
  const telemetry = deriveTelemetry(graph, resources, listeners, context);
  const routes = deriveRoutes(graph, resources, listeners, context, telemetry.telemetryUses);
  const locator = deriveBackendLocator(graph, resources, placement, xBackends, backendTls.tls);
  const destinations = deriveDestinations(
    graph,
    listeners,
    routes,
    telemetry,
    locator,
    backendTraffic.retryBudgets,
    backendHealth.health,
  );
  const sockets = deriveSockets(graph, listeners, routes, telemetry);
  return {
    ...listeners,
    ...routes,
    ...telemetry,
    ...destinations,
    locate: locator.locate,
    selectorServices: locator.selectorServices,
    sockets,
    hostTables: deriveHostTables(graph, listeners, routes),
    certificates: deriveCertificates(graph, references, listeners, destinations),
    trustBundles: deriveTrustBundles(graph, sockets, destinations, trust),
    named,
    backendTls,
    backendTraffic,
    backendHealth,
    xBackends,
    ancestors: {
      BackendTLSPolicy: tlsPolicyAncestors(graph, resources, listeners, routes, backendTls),
      XBackendTrafficPolicy: trafficPolicyAncestors(graph, listeners, routes, backendTraffic),
      BackendTrafficPolicy: healthPolicyAncestors(graph, resources, listeners, routes, backendHealth),
      XBackend: xBackendAncestors(graph, listeners, routes, xBackends),
      XTelemetryPolicy: telemetry.telemetryAncestors,
    },
  };
}

function deriveHostTables(
  graph: Graph,
  { listeners, points }: ListenerCollections,
  { attachments, compiled }: RouteCollections,
): Collection<HostTable> {
  const ofListeners = graph.deriveMany("hostEntriesOfListeners", listeners, (listener, key, { fetch }) => {
    const guard = listener.filters.guard === undefined ? undefined : fetch(points, key)?.guard;
    return listenerEntries(listener, guard).map(([entryKey, entry]) => [`${entryKey}|${key}`, entry] as const);
  });
  const ofRoutes = graph.deriveMany("hostEntriesOfRoutes", attachments, ({ route, parents }) =>
    parents.flatMap((parent) => parent.listeners.flatMap((attached) => routeEntries(route, attached))),
  );
  const entries = graph.join<HostEntry>("hostEntries", [ofListeners, ofRoutes]);
  const byTable = graph.group("hostEntriesByTable", entries, (entry) => [hostTableKey(entry)]);
  return graph.derive("hostTables", byTable, (members, _key, { fetch }) =>
    hostTable(
      members.map((member) => member.value),
      (routeKey) => fetch(compiled, routeKey),
    ),
  );
}

function deriveSockets(
  graph: Graph,
  { listeners, boundPorts, accessLogs }: ListenerCollections,
  { attachments }: RouteCollections,
  { tracingOfListeners }: TelemetryCollections,
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
                  cluster: streamClusterName(route.key, point),
                  seniority: route.seniority,
                  listenerKey: point.key,
                  serverName: hostname,
                  original,
                };
                return [`${point.key}|${hostname}|${route.key}`, entry] as const;
              }),
      ),
    ),
  );
  const streamsByListener = graph.group("streamEntriesByListener", streamEntries, ({ listenerKey }) => [listenerKey]);
  // Listener by listener, so that those which stay as they are need not be encoded again when another one of the socket changes.
  const chains = graph.derive("chains", listeners, (listener, key, { fetch }): ListenerChains | undefined =>
    listener.serving
      ? {
          socket: listener.socket,
          chains: chainsOf(
            listener,
            (fetch(streamsByListener, key) ?? []).map((member) => member.value),
            fetch(tracingOfListeners, key)?.tracing,
            fetch(accessLogs, listener.gateway.key),
          ),
        }
      : undefined,
  );
  const chainsBySocket = graph.group("chainsBySocket", chains, ({ socket }) => [socketKey(socket)]);
  return graph.derive("sockets", chainsBySocket, (members, key, { fetch }) =>
    socketListener(
      members.map((member) => member.value),
      fetch(boundPorts, key),
    ),
  );
}

function deriveCertificates(
  graph: Graph,
  { keyPairs }: ReferenceCollections,
  { listeners }: ListenerCollections,
  { clusters }: DestinationCollections,
): Collection<TlsCertificate> {
  const entry = ({ fetch }: Reader, proxy: string, secretKey: string) => {
    const certificate = certificateOf(proxy, secretKey, fetch(keyPairs, secretKey));
    return certificate === undefined ? [] : [[`${proxy}|${certificateName(secretKey)}`, certificate] as const];
  };
  return graph.join("certificates", [
    graph.deriveMany(
      "certificatesForClients",
      listeners,
      ({ serving, certificates, socket: { proxy } }, _key, reader) =>
        (serving ? certificates : []).flatMap((secretKey) => entry(reader, proxy, secretKey)),
    ),
    graph.deriveMany("certificatesForBackends", clusters, (cluster, _key, reader) =>
      upstreamTlsOf(cluster).flatMap(({ clientCertificate }) =>
        clientCertificate === undefined ? [] : entry(reader, cluster.proxy, secretOf(clientCertificate)),
      ),
    ),
  ]);
}

function deriveTrustBundles(
  graph: Graph,
  sockets: Collection<Listener>,
  { clusters }: DestinationCollections,
  trust: TrustCollections,
): Collection<TrustBundle> {
  const entry = (reader: Reader, proxy: string, name: string) => {
    const bundle: TrustBundle = { proxy, name, certificates: trustedCertificates(reader, trust, name) };
    return [`${proxy}|${name}`, bundle] as const;
  };
  return graph.join("trustBundles", [
    graph.deriveMany("trustInClients", sockets, ({ proxy, chains }, _key, reader) =>
      chains.flatMap(({ tls }) => (tls?.clients === undefined ? [] : [entry(reader, proxy, tls.clients.trust)])),
    ),
    graph.deriveMany("trustInBackends", clusters, (cluster, _key, reader) =>
      upstreamTlsOf(cluster).flatMap(({ verification }) =>
        verification === undefined ? [] : [entry(reader, cluster.proxy, verification.trust)],
      ),
    ),
  ]);
}

function upstreamTlsOf({ tls, tlsByGroup }: Cluster): readonly UpstreamTls[] {
  return [...(tls === undefined ? [] : [tls]), ...Object.values(tlsByGroup ?? {})];
}
