import type { Collection, Reader } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import { type AttachedListener, attach, type ParentAttachment } from "./attachment.ts";
import type { CompiledRoute } from "./compiled-route.ts";
import { isFalse } from "./condition.ts";
import type { ListenerCollections } from "./derive-listeners.ts";
import { compileGrpcRoute } from "./grpc-route.ts";
import { compileHttpRoute } from "./http-route.ts";
import type { ResourceKinds, Resources } from "./inputs.ts";
import { compareSeniority } from "./precedence.ts";
import { gatewayKeyOf, type Route, routeKey, routeOf } from "./route.ts";
import { type RouteKind, routeKinds } from "./route-kind.ts";
import { type CompiledStream, compileStream } from "./stream-route.ts";
import { type RouteVerdict, verdictOf } from "./verdict.ts";

/** A route with what became of each of its parentRefs to Gateways of ours. */
export interface RouteAttachment {
  readonly route: Route;
  readonly parents: readonly ParentAttachment[];
}

export interface RouteCollections {
  /** HTTPRoutes and GRPCRoutes by `Kind/namespace/name`. */
  readonly compiled: Collection<CompiledRoute>;
  /** TCPRoutes, TLSRoutes and UDPRoutes by `Kind/namespace/name`. */
  readonly streams: Collection<CompiledStream>;
  /** Routes that name a Gateway of ours, by `Kind/namespace/name`. */
  readonly attachments: Collection<RouteAttachment>;
  readonly verdicts: Collection<RouteVerdict>;
  /** Number of routes attached to a listener, by `namespace/gateway/listener`. */
  readonly attachedRoutes: Collection<number>;
}

export function deriveRoutes(graph: Graph, resources: Resources, listeners: ListenerCollections): RouteCollections {
  const routes = graph.join(
    "routes",
    routeKinds.map((kind) => routesOf(graph, kind, resources[kind])),
  );
  const proposed = graph.derive("proposedAttachments", routes, (route, _key, reader) =>
    attachRoute(route, reader, resources, listeners),
  );
  // Whether a route is attached comes first: what nobody of ours carries is not compiled.
  const backends = { services: resources.Service, grants: listeners.grants };
  const attachedTo = (reader: Reader, kind: RouteKind, key: string): Route | undefined =>
    reader.fetch(proposed, routeKey(kind, key))?.route;
  const compiled = graph.join("compiledRoutes", [
    graph.deriveMany("compiledHttpRoutes", resources.HTTPRoute, (object, key, reader) => {
      const route = attachedTo(reader, "HTTPRoute", key);
      return route === undefined ? [] : [[route.key, compileHttpRoute(object, route, reader, backends)]];
    }),
    graph.deriveMany("compiledGrpcRoutes", resources.GRPCRoute, (object, key, reader) => {
      const route = attachedTo(reader, "GRPCRoute", key);
      return route === undefined ? [] : [[route.key, compileGrpcRoute(object, route, reader, backends)]];
    }),
  ]);
  const streams = graph.join(
    "compiledStreams",
    (["TLSRoute", "TCPRoute", "UDPRoute"] as const).map((kind) =>
      graph.deriveMany<ResourceKinds[typeof kind], CompiledStream>(
        `compiled${kind}s`,
        resources[kind],
        (object, key, reader) => {
          const route = attachedTo(reader, kind, key);
          return route === undefined ? [] : [[route.key, compileStream(object.spec.rules, route, reader, backends)]];
        },
      ),
    ),
  );
  const verdicts = graph.derive("routeVerdicts", proposed, (_, key, { fetch }) =>
    verdictOf(fetch(compiled, key), fetch(streams, key)),
  );
  const claims = graph.group("hostnameClaims", proposed, hostnameClaims);
  const attachments = graph.derive("attachments", proposed, (attachment, key, reader) => {
    const refusal = reader.fetch(verdicts, key)?.refused;
    if (refusal !== undefined) {
      return { ...attachment, parents: attachment.parents.map((parent) => refuse(parent, refusal)) };
    }
    return settleClaims(attachment, (claim) => (reader.fetch(claims, claim) ?? []).map((member) => member.value.route));
  });
  const attachedRoutes = graph.count("attachedRoutes", attachments, ({ parents }) => [
    ...new Set(parents.flatMap((parent) => parent.listeners.map(({ point }) => point.key))),
  ]);
  return { compiled, streams, attachments, verdicts, attachedRoutes };
}

function routesOf<Kind extends RouteKind>(
  graph: Graph,
  kind: Kind,
  objects: Collection<ResourceKinds[Kind]>,
): Collection<Route> {
  return graph.deriveMany(`routes of ${kind}`, objects, (object, key) => {
    const route = routeOf(kind, key, object);
    return [[route.key, route]];
  });
}

function attachRoute(
  route: Route,
  reader: Reader,
  resources: Resources,
  { gateways, pointsByGateway }: ListenerCollections,
): RouteAttachment | undefined {
  const { namespace } = route.reference;
  const parents = route.parentRefs.flatMap((parentRef, index): readonly ParentAttachment[] => {
    const gatewayKey = gatewayKeyOf(parentRef, namespace);
    if (gatewayKey === undefined || reader.fetch(gateways, gatewayKey) === undefined) return [];
    const points = reader.fetch(pointsByGateway, gatewayKey) ?? [];
    return [attach(route, parentRef, index, gatewayKey, points, () => reader.fetch(resources.Namespace, namespace))];
  });
  return parents.length === 0 ? undefined : { route, parents };
}

function refuse(parent: ParentAttachment, accepted: ParentAttachment["accepted"]): ParentAttachment {
  return parent.accepted.status === "True" ? { ...parent, accepted, listeners: [] } : parent;
}

const rivals: Partial<Record<RouteKind, RouteKind>> = { HTTPRoute: "GRPCRoute", GRPCRoute: "HTTPRoute" };

function claimOf(kind: RouteKind, listenerKey: string, hostname: string): string {
  return `${kind}|${listenerKey}|${hostname}`;
}

function hostnameClaims({ route, parents }: RouteAttachment): readonly string[] {
  if (rivals[route.kind] === undefined) return [];
  return parents.flatMap((parent) =>
    parent.listeners.flatMap(({ point, hostnames }) =>
      hostnames.map(({ hostname }) => claimOf(route.kind, point.key, hostname)),
    ),
  );
}

/**
 * Gateway API, GRPCRoute: HTTPRoutes and GRPCRoutes may not share a hostname on one listener; the older route keeps it,
 * and the other one is not accepted there. Here hostnames count as shared when they are equal: where one merely covers
 * the other, the more specific one has its requests anyway.
 */
function settleClaims(attachment: RouteAttachment, claimants: (claim: string) => readonly Route[]): RouteAttachment {
  const { route } = attachment;
  const rival = rivals[route.kind];
  if (rival === undefined) return attachment;
  const older = ({ point, hostnames }: AttachedListener): Route | undefined =>
    hostnames
      .flatMap(({ hostname }) => claimants(claimOf(rival, point.key, hostname)))
      .find((claimant) => compareSeniority(claimant.seniority, route.seniority) < 0);
  return {
    route,
    parents: attachment.parents.map((parent) => {
      const free = parent.listeners.filter((listener) => older(listener) === undefined);
      const [holder] = parent.listeners.flatMap((listener) => older(listener) ?? []);
      if (holder === undefined) return parent;
      if (free.length > 0) return { ...parent, listeners: free };
      return refuse(
        parent,
        isFalse(
          "Accepted",
          "NotAllowedByListeners",
          `${holder.kind} ${holder.reference.namespace}/${holder.reference.name} is older and holds the same hostname on the same listener; HTTPRoutes and GRPCRoutes can't share one.`,
        ),
      );
    }),
  };
}
