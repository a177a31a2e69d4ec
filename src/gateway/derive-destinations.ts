import type { Collection, Reader } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import type { Cluster, Endpoint, EndpointGroup, EndpointSet } from "../ir/cluster.ts";
import type { Service } from "../resources/generated/core.ts";
import { type BackendTarget, clusterName } from "./backend.ts";
import type { RouteAttachment, RouteCollections } from "./derive-routes.ts";
import { endpointsOf, serviceNameLabel } from "./endpoints.ts";
import type { Resources } from "./inputs.ts";

export interface DestinationCollections {
  readonly clusters: Collection<Cluster>;
  readonly endpointSets: Collection<EndpointSet>;
}

interface TargetRequest {
  readonly proxy: string;
  readonly target: BackendTarget;
}

interface StreamRequest {
  readonly proxy: string;
  readonly routeKey: string;
  readonly protocol: "TCP" | "UDP";
}

/**
 * The backends that each proxy needs, and where they are. An EndpointSlice reaches its endpoint sets from here, without
 * passing through any route.
 */
export function deriveDestinations(
  graph: Graph,
  resources: Resources,
  { attachments, compiled, streams }: RouteCollections,
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

  const targetRequests = graph.deriveMany("targetRequests", attachments, (attachment, key, { fetch }) =>
    proxiesOf(attachment).flatMap((proxy) =>
      (fetch(compiled, key)?.targets ?? []).map(
        (target) => [`${proxy}|${clusterName(target)}`, { proxy, target } satisfies TargetRequest] as const,
      ),
    ),
  );
  const streamRequests = graph.deriveMany("streamRequests", attachments, (attachment, key, { fetch }) =>
    fetch(streams, key) === undefined
      ? []
      : proxiesOf(attachment).map(
          (proxy) =>
            [
              `${proxy}|${key}`,
              {
                proxy,
                routeKey: key,
                protocol: attachment.route.kind === "UDPRoute" ? "UDP" : "TCP",
              } satisfies StreamRequest,
            ] as const,
        ),
  );

  const clusters = graph.join("clusters", [
    graph.derive("backendClusters", targetRequests, ({ proxy, target }, _key, { fetch }) =>
      backendCluster(proxy, target, fetch(resources.Service, target.service)),
    ),
    graph.derive(
      "streamClusters",
      streamRequests,
      ({ proxy, routeKey, protocol }, _key, { fetch }): Cluster | undefined => {
        const attachment = fetch(attachments, routeKey);
        return (
          attachment && {
            proxy,
            name: routeKey,
            discovery: { kind: "endpoints", endpoints: routeKey },
            protocol,
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
      ({ proxy, routeKey }, _key, reader): EndpointSet => ({
        proxy,
        name: routeKey,
        groups: (reader.fetch(streams, routeKey)?.backends ?? []).map(({ weight, target }): EndpointGroup => {
          const endpoints = target === undefined ? [] : locate(reader, target);
          return { weight, endpoints: endpoints.length === 0 ? refusing : endpoints };
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

function proxiesOf({ parents }: RouteAttachment): readonly string[] {
  const serving = parents
    .flatMap((parent) => parent.listeners.map(({ point }) => point))
    .filter((point) => point.serving);
  return [...new Set(serving.map((point) => point.socket.proxy))];
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

function backendCluster(proxy: string, target: BackendTarget, service: Service | undefined): Cluster | undefined {
  if (service === undefined) return undefined;
  const namespace = service.metadata.namespace ?? "default";
  const hostname = isExternal(service) ? service.spec?.externalName : undefined;
  return {
    proxy,
    name: clusterName(target),
    discovery:
      hostname === undefined
        ? { kind: "endpoints", endpoints: endpointSetName(target) }
        : { kind: "dns", hostname, port: target.port },
    protocol: target.protocol,
    ...(target.tls ? { tls: hostname === undefined ? {} : { serverName: hostname } } : {}),
    origin: {
      resource: { group: "", kind: "Service", namespace, name: service.metadata.name },
      path: ["spec", "ports"],
    },
  };
}
