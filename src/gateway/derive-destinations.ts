import type { Collection, Reader } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import type { BackendHealth, Cluster, Endpoint, EndpointGroup, EndpointSet, RetryBudget } from "../ir/cluster.ts";
import { shared } from "../strings/shared.ts";
import { type BackendTarget, clusterName, isShownCertificate } from "./backend.ts";
import { healthOf, type WrittenHealth } from "./backend-health.ts";
import type { ListenerCollections } from "./derive-listeners.ts";
import type { RouteAttachment, RouteCollections } from "./derive-routes.ts";
import type { AttachmentPoint } from "./gateway-listener.ts";
import type { BackendLocator, LocatedBackend } from "./locate-backend.ts";
import { ofPort } from "./policy-target.ts";
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
  health: Collection<WrittenHealth>,
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

  const sharesOf = ({ routeKey, passthrough }: StreamRequest, reader: Reader): readonly Share[] =>
    (reader.fetch(streams, routeKey)?.backends ?? []).map((backend) => {
      const target = streamTarget(backend, passthrough);
      const located = target && locate(reader, target);
      return { weight: backend.weight, ...(target && { target }), ...(located && { located }) };
    });

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
        ...(carriesRequests(target) ? healthOfBackend(reader, health, target, located) : {}),
        origin: located.origin,
      } satisfies Cluster;
    }),
    graph.derive("streamClusters", streamRequests, (request, _key, reader): Cluster | undefined => {
      const { proxy, name, routeKey, protocol } = request;
      const attachment = reader.fetch(attachments, routeKey);
      if (attachment === undefined) return undefined;
      const shares = sharesOf(request, reader);
      const [only] = shares;
      const hostname = only?.located?.hostname;
      const origin = { resource: attachment.route.reference, path: ["spec", "rules", 0, "backendRefs"] };
      if (shares.length === 1 && hostname !== undefined && only?.target !== undefined) {
        const { target, located } = only;
        const discovery = { kind: "dns", hostname, port: target.port } as const;
        const tls = target.tls && located !== undefined ? { tls: located.tls(request.clientCertificate) } : {};
        return { proxy, name, discovery, protocol, ...tls, origin };
      }
      const inTls = shares.flatMap(({ target, located }) =>
        target?.tls === true && located !== undefined
          ? [[endpointSetName(target), located.tls(request.clientCertificate)] as const]
          : [],
      );
      return {
        proxy,
        name,
        discovery: hasHostname(shares)
          ? { kind: "groups", groups: shares.map(endpointGroup) }
          : { kind: "endpoints", endpoints: name },
        protocol,
        ...(inTls.length === 0 ? {} : { tlsByGroup: Object.fromEntries(inTls) }),
        origin,
      };
    }),
  ]);
  const endpointSets = graph.join("endpointSets", [
    graph.deriveMany("backendEndpointSets", targetRequests, ({ proxy, target }, _key, reader) => {
      const located = locate(reader, target);
      if (located?.hostname !== undefined) return [];
      const name = endpointSetName(target);
      const groups = [{ weight: 1, endpoints: located?.endpoints() ?? [] }];
      return [[`${proxy}|${name}`, { proxy, name, groups } satisfies EndpointSet] as const];
    }),
    graph.derive("streamEndpointSets", streamRequests, (request, _key, reader): EndpointSet | undefined => {
      const { proxy, name } = request;
      const shares = sharesOf(request, reader);
      return hasHostname(shares) ? undefined : { proxy, name, groups: shares.map(endpointGroup) };
    }),
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

/** A backend of a TCP, TLS or UDP route with its share of connections; without a target, that is refused. */
interface Share {
  readonly weight: number;
  readonly target?: BackendTarget;
  readonly located?: LocatedBackend;
}

/** A hostname has its place in the cluster itself, since Envoy takes none in an endpoint set. */
function hasHostname(shares: readonly Share[]): boolean {
  return shares.some(({ located }) => located?.hostname !== undefined);
}

function endpointGroup({ weight, target, located }: Share): EndpointGroup {
  const { hostname } = located ?? {};
  const endpoints: readonly Endpoint[] =
    hostname === undefined || target === undefined
      ? (located?.endpoints() ?? [])
      : [{ address: hostname, port: target.port, health: "healthy" }];
  return {
    weight,
    endpoints: endpoints.length === 0 ? refusing : endpoints,
    ...(target?.tls === true ? { tls: endpointSetName(target) } : {}),
  };
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

/** Of the policy for the port, or else for the whole backend. */
function healthOfBackend(
  reader: Reader,
  health: Collection<WrittenHealth>,
  { backend }: BackendTarget,
  { hostname, portName, origin }: LocatedBackend,
): { readonly health?: BackendHealth } {
  const written = ofPort(reader, health, backend, portName);
  if (written === undefined) return {};
  const { namespace = "default", name } = origin.resource;
  return { health: healthOf(written, hostname ?? `${name}.${namespace}`) };
}

/** Name of the endpoints of a backend: those who speak to it in several ways share them. */
export function endpointSetName({ backend, port, protocol }: BackendTarget): string {
  return shared(`${backend}/${port}${protocol === "UDP" ? "/udp" : ""}`);
}
