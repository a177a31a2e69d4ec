import type { Collection } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import type { Cluster, Endpoint, EndpointGroup, EndpointSet, RetryBudget } from "../ir/cluster.ts";
import { type BackendTarget, clusterName, isShownCertificate } from "./backend.ts";
import type { ListenerCollections } from "./derive-listeners.ts";
import type { RouteAttachment, RouteCollections } from "./derive-routes.ts";
import type { AttachmentPoint } from "./gateway-listener.ts";
import type { BackendLocator } from "./locate-backend.ts";
import { streamClusterName } from "./sockets.ts";
import type { StreamBackend } from "./stream-route.ts";
import type { TelemetryCollections } from "./telemetry.ts";

export interface DestinationCollections {
  readonly clusters: Collection<Cluster>;
  readonly endpointSets: Collection<EndpointSet>;
}

interface TargetRequest {
  readonly proxy: string;
  readonly target: BackendTarget;
  /** Key of the Secret that is shown to the backend. */
  readonly clientCertificate?: string;
}

interface StreamRequest {
  readonly proxy: string;
  /** Of the cluster and of its endpoints. */
  readonly name: string;
  readonly routeKey: string;
  readonly protocol: "TCP" | "UDP";
  /** What comes is TLS that goes on as it is. */
  readonly passthrough: boolean;
  /** Key of the Secret that is shown to the backends. */
  readonly clientCertificate?: string;
}

/**
 * The backends that each proxy needs, and where they are. An EndpointSlice reaches its endpoint sets from here, without
 * passing through any route.
 */
export function deriveDestinations(
  graph: Graph,
  { points }: ListenerCollections,
  { attachments, compiled, streams }: RouteCollections,
  { tracingOfListeners }: TelemetryCollections,
  { locate }: BackendLocator,
  retryBudgets: Collection<RetryBudget>,
): DestinationCollections {
  const requestOf = (proxy: string, target: BackendTarget, clientCertificate: string | undefined) => {
    const shown = clientCertificate !== undefined && isShownCertificate(target) ? { clientCertificate } : {};
    const request: TargetRequest = { proxy, target, ...shown };
    return [`${proxy}|${clusterName(target, clientCertificate)}`, request] as const;
  };
  const ofRoutes = graph.deriveMany("targetRequestsOfRoutes", attachments, (attachment, key, { fetch }) =>
    gatewaysOf(attachment).flatMap(({ proxy, clientCertificate }) =>
      (fetch(compiled, key)?.targets ?? []).map((target) => requestOf(proxy, target, clientCertificate)),
    ),
  );
  const ofListeners = graph.deriveMany("targetRequestsOfListeners", points, ({ serving, socket, guard, ...point }) =>
    ((serving && guard?.targets) || []).map((target) => requestOf(socket.proxy, target, point.clientCertificate)),
  );
  const ofTelemetry = graph.deriveMany("targetRequestsOfTelemetry", tracingOfListeners, (traced) => [
    requestOf(traced.proxy, traced.target, traced.clientCertificate),
  ]);
  const targetRequests = graph.join("targetRequests", [ofRoutes, ofListeners, ofTelemetry]);
  const streamRequests = graph.deriveMany("streamRequests", attachments, (attachment, key, { fetch }) =>
    fetch(streams, key) === undefined
      ? []
      : servingPoints(attachment).map((point) => {
          const { socket, tlsMode, clientCertificate } = point;
          const { proxy } = socket;
          const name = streamClusterName(key, point);
          const request: StreamRequest = {
            proxy,
            name,
            routeKey: key,
            protocol: attachment.route.kind === "UDPRoute" ? "UDP" : "TCP",
            passthrough: tlsMode === "Passthrough",
            ...(clientCertificate === undefined ? {} : { clientCertificate }),
          };
          return [`${proxy}|${name}`, request] as const;
        }),
  );

  const clusters = graph.join("clusters", [
    graph.derive("backendClusters", targetRequests, ({ proxy, target, clientCertificate }, _key, reader) => {
      const located = locate(reader, target);
      if (located === undefined) return undefined;
      const retryBudget = carriesRequests(target) ? reader.fetch(retryBudgets, target.backend) : undefined;
      return {
        proxy,
        name: clusterName(target, clientCertificate),
        discovery:
          located.hostname === undefined
            ? { kind: "endpoints", endpoints: endpointSetName(target) }
            : { kind: "dns", hostname: located.hostname, port: target.port },
        protocol: target.protocol,
        ...(target.tls ? { tls: located.tls(clientCertificate) } : {}),
        ...(retryBudget === undefined ? {} : { retryBudget }),
        origin: located.origin,
      } satisfies Cluster;
    }),
    graph.derive(
      "streamClusters",
      streamRequests,
      ({ proxy, name, routeKey, protocol, passthrough, clientCertificate }, _key, reader): Cluster | undefined => {
        const attachment = reader.fetch(attachments, routeKey);
        const inTls = (passthrough ? [] : (reader.fetch(streams, routeKey)?.backends ?? [])).flatMap(({ target }) => {
          if (target?.tls !== true) return [];
          const tls = locate(reader, target)?.tls(clientCertificate);
          return tls === undefined ? [] : [[endpointSetName(target), tls] as const];
        });
        return (
          attachment && {
            proxy,
            name,
            discovery: { kind: "endpoints", endpoints: name },
            protocol,
            ...(inTls.length === 0 ? {} : { tlsByGroup: Object.fromEntries(inTls) }),
            origin: { resource: attachment.route.reference, path: ["spec", "rules", 0, "backendRefs"] },
          }
        );
      },
    ),
  ]);
  const endpointSets = graph.join("endpointSets", [
    graph.deriveMany("backendEndpointSets", targetRequests, ({ proxy, target }, _key, reader) => {
      const located = locate(reader, target);
      if (located?.hostname !== undefined) return [];
      const name = endpointSetName(target);
      const groups = [{ weight: 1, endpoints: located?.endpoints() ?? [] }];
      return [[`${proxy}|${name}`, { proxy, name, groups } satisfies EndpointSet] as const];
    }),
    graph.derive(
      "streamEndpointSets",
      streamRequests,
      ({ proxy, name, routeKey, passthrough }, _key, reader): EndpointSet => ({
        proxy,
        name,
        groups: (reader.fetch(streams, routeKey)?.backends ?? []).map((backend): EndpointGroup => {
          const target = streamTarget(backend, passthrough);
          const endpoints = (target && locate(reader, target)?.endpoints()) ?? [];
          return {
            weight: backend.weight,
            endpoints: endpoints.length === 0 ? refusing : endpoints,
            ...(target?.tls === true ? { tls: endpointSetName(target) } : {}),
          };
        }),
      }),
    ),
  ]);
  return { clusters, endpointSets };
}

/**
 * Where a share of connections goes that must be refused: TCPRouteRule.backendRefs asks that a backend without endpoints
 * refuses its share instead of leaving it to the others. Nothing listens on the discard port.
 */
const refusing: readonly Endpoint[] = [{ address: "127.0.0.1", port: 9, health: "healthy" }];

/** Whether the endpoints of a group are there to refuse what comes. */
export function isRefusing(endpoints: readonly Endpoint[]): boolean {
  return endpoints === refusing;
}

/** Where TLS is passed through, what backends ask for is between them and the clients. */
function streamTarget({ target, asIs }: StreamBackend, passthrough: boolean): BackendTarget | undefined {
  if (!passthrough) return target;
  return target === undefined ? asIs : { ...target, tls: false };
}

function servingPoints({ parents }: RouteAttachment): readonly AttachmentPoint[] {
  return parents.flatMap((parent) => parent.listeners.map(({ point }) => point)).filter((point) => point.serving);
}

/** Each proxy that carries the route, with each certificate that it shows to the route's backends. */
function gatewaysOf(attachment: RouteAttachment): readonly Omit<TargetRequest, "target">[] {
  const gateways = servingPoints(attachment).map(({ socket: { proxy }, clientCertificate }) => ({
    proxy,
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
  }));
  return [
    ...new Map(gateways.map((gateway) => [`${gateway.proxy}|${gateway.clientCertificate ?? ""}`, gateway])).values(),
  ];
}

function carriesRequests({ protocol }: BackendTarget): boolean {
  return protocol === "HTTP/1.1" || protocol === "HTTP/2";
}

/** Shared by every cluster that speaks to the port, whatever it speaks. */
/** Name of the endpoints of a backend: those who speak to it in several ways share them. */
export function endpointSetName({ backend, port, protocol }: BackendTarget): string {
  return `${backend}/${port}${protocol === "UDP" ? "/udp" : ""}`;
}
