import type { Collection, Member, Reader } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import type { Cluster, Endpoint, EndpointGroup, EndpointSet, UpstreamTls } from "../ir/cluster.ts";
import type { EndpointSlice, Service } from "../resources/generated/core.ts";
import { type BackendTarget, clusterName } from "./backend.ts";
import { type BackendTlsCollections, ofPort } from "./backend-tls.ts";
import { certificateName } from "./certificate.ts";
import type { ListenerCollections } from "./derive-listeners.ts";
import type { RouteAttachment, RouteCollections } from "./derive-routes.ts";
import { endpointsOf, serviceNameLabel } from "./endpoints.ts";
import type { AttachmentPoint } from "./gateway-listener.ts";
import type { Resources } from "./inputs.ts";
import { streamClusterName } from "./sockets.ts";
import type { StreamBackend } from "./stream-route.ts";

export interface DestinationCollections {
  readonly clusters: Collection<Cluster>;
  readonly endpointSets: Collection<EndpointSet>;
  /** By the Service that they belong to. */
  readonly slicesByService: Collection<readonly Member<EndpointSlice>[]>;
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
  resources: Resources,
  { points }: ListenerCollections,
  { attachments, compiled, streams }: RouteCollections,
  { tls }: BackendTlsCollections,
): DestinationCollections {
  const slices = graph.group("slicesByService", resources.EndpointSlice, (slice) => {
    const service = slice.metadata.labels?.[serviceNameLabel];
    return service === undefined ? [] : [`${slice.metadata.namespace ?? "default"}/${service}`];
  });
  const locate = ({ fetch }: Reader, { service: key, port, protocol }: BackendTarget): readonly Endpoint[] => {
    const service = fetch(resources.Service, key);
    const servicePort = service && portOf(service, port, protocol);
    if (service === undefined || servicePort === undefined) return [];
    return endpointsOf(service, servicePort, {
      slices: (fetch(slices, key) ?? []).map((member) => member.value),
      endpoints: fetch(resources.Endpoints, key),
    });
  };

  /** What a policy asks for; a Service that asks for TLS itself is not verified. */
  const tlsOf = (reader: Reader, target: BackendTarget): UpstreamTls => {
    const service = reader.fetch(resources.Service, target.service);
    const port = service && portOf(service, target.port, target.protocol);
    const asked = ofPort(reader, tls, target.service, port?.name);
    const hostname = service?.spec?.type === "ExternalName" ? service.spec.externalName : undefined;
    return asked ?? (hostname === undefined ? {} : { serverName: hostname });
  };

  const requestOf = (proxy: string, target: BackendTarget, clientCertificate: string | undefined) => {
    const shown = target.tls && clientCertificate !== undefined ? { clientCertificate } : {};
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
  const targetRequests = graph.join("targetRequests", [ofRoutes, ofListeners]);
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
    graph.derive("backendClusters", targetRequests, ({ proxy, target, clientCertificate }, _key, reader) =>
      backendCluster(
        proxy,
        target,
        clientCertificate,
        reader.fetch(resources.Service, target.service),
        target.tls ? tlsOf(reader, target) : undefined,
      ),
    ),
    graph.derive(
      "streamClusters",
      streamRequests,
      ({ proxy, name, routeKey, protocol, passthrough, clientCertificate }, _key, reader): Cluster | undefined => {
        const attachment = reader.fetch(attachments, routeKey);
        const inTls = (passthrough ? [] : (reader.fetch(streams, routeKey)?.backends ?? [])).flatMap(({ target }) =>
          target?.tls === true ? [[endpointSetName(target), tlsOf(reader, target)] as const] : [],
        );
        return (
          attachment && {
            proxy,
            name,
            discovery: { kind: "endpoints", endpoints: name },
            protocol,
            ...(inTls.length === 0
              ? {}
              : { tlsByGroup: Object.fromEntries(inTls), ...shownCertificate(clientCertificate) }),
            origin: { resource: attachment.route.reference, path: ["spec", "rules", 0, "backendRefs"] },
          }
        );
      },
    ),
  ]);
  const endpointSets = graph.join("endpointSets", [
    graph.deriveMany("backendEndpointSets", targetRequests, ({ proxy, target }, _key, reader) => {
      if (isExternal(reader.fetch(resources.Service, target.service))) return [];
      const name = endpointSetName(target);
      const groups = [{ weight: 1, endpoints: locate(reader, target) }];
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
          const endpoints = target === undefined ? [] : locate(reader, target);
          return {
            weight: backend.weight,
            endpoints: endpoints.length === 0 ? refusing : endpoints,
            ...(target?.tls === true ? { tls: endpointSetName(target) } : {}),
          };
        }),
      }),
    ),
  ]);
  return { clusters, endpointSets, slicesByService: slices };
}

/**
 * Where a share of connections goes that must be refused: TCPRouteRule.backendRefs asks that a backend without endpoints
 * refuses its share instead of leaving it to the others. Nothing listens on the discard port.
 */
const refusing: readonly Endpoint[] = [{ address: "127.0.0.1", port: 9, health: "healthy" }];

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

function shownCertificate(secretKey: string | undefined): Pick<Cluster, "clientCertificate"> {
  return secretKey === undefined ? {} : { clientCertificate: certificateName(secretKey) };
}

function portOf(service: Service, port: number, protocol: BackendTarget["protocol"]) {
  const transport = protocol === "UDP" ? "UDP" : "TCP";
  return service.spec?.ports?.find(
    (candidate) => candidate.port === port && (candidate.protocol ?? "TCP") === transport,
  );
}

function isExternal(service: Service | undefined): boolean {
  return service?.spec?.type === "ExternalName";
}

/** Shared by every cluster that speaks to the port, whatever it speaks. */
function endpointSetName({ service, port, protocol }: BackendTarget): string {
  return `Service/${service}/${port}${protocol === "UDP" ? "/udp" : ""}`;
}

function backendCluster(
  proxy: string,
  target: BackendTarget,
  clientCertificate: string | undefined,
  service: Service | undefined,
  tls: UpstreamTls | undefined,
): Cluster | undefined {
  if (service === undefined) return undefined;
  const namespace = service.metadata.namespace ?? "default";
  const hostname = isExternal(service) ? service.spec?.externalName : undefined;
  return {
    proxy,
    name: clusterName(target, clientCertificate),
    discovery:
      hostname === undefined
        ? { kind: "endpoints", endpoints: endpointSetName(target) }
        : { kind: "dns", hostname, port: target.port },
    protocol: target.protocol,
    ...(tls === undefined ? {} : { tls, ...shownCertificate(clientCertificate) }),
    origin: {
      resource: { group: "", kind: "Service", namespace, name: service.metadata.name },
      path: ["spec", "ports"],
    },
  };
}
