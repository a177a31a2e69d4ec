import type { Collection, Member, Reader } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import type { ParentReference } from "../resources/generated/gateway-api.ts";
import { attach, namedPoints, type ParentAttachment, refuseParent } from "./attachment.ts";
import type { BackendContext } from "./backend.ts";
import { type BackendUse, usesOfListener, usesOfRoute } from "./backend-use.ts";
import type { CompiledRoute } from "./compiled-route.ts";
import type { Condition } from "./condition.ts";
import { type DefaultGateway, type ListenerCollections, pointKey } from "./derive-listeners.ts";
import { compileGrpcRoute } from "./grpc-route.ts";
import { compileHttpRoute } from "./http-route.ts";
import type { ResourceKinds, Resources } from "./inputs.ts";
import { namedParent, parentKey } from "./listener-parent.ts";
import { hostnameClaims, oldestClaim, settleRivals } from "./rival-kinds.ts";
import { asRoutes, type Route, routeKey, routeOf } from "./route.ts";
import { gatewayGroup, type RouteKind, routeKinds } from "./route-kind.ts";
import { type CompiledStream, compileStream } from "./stream-route.ts";
import { type RouteVerdict, verdictOf } from "./verdict.ts";

/** A route with what became of each of its parentRefs to Gateways of ours and their ListenerSets. */
export interface RouteAttachment {
  readonly route: Route;
  readonly parents: readonly ParentAttachment[];
}

export interface RouteCollections {
  /** HTTPRoutes and GRPCRoutes by `Kind/namespace/name`. */
  readonly compiled: Collection<CompiledRoute>;
  /** TCPRoutes, TLSRoutes and UDPRoutes by `Kind/namespace/name`. */
  readonly streams: Collection<CompiledStream>;
  /** Which backends are sent to, and through which Gateways, by backend. */
  readonly usesByBackend: Collection<readonly Member<BackendUse>[]>;
  /** Routes that name a Gateway of ours, by `Kind/namespace/name`. */
  readonly attachments: Collection<RouteAttachment>;
  readonly verdicts: Collection<RouteVerdict>;
  /** Number of routes attached to a listener, by the key of the listener. */
  readonly attachedRoutes: Collection<number>;
}

export function deriveRoutes(
  graph: Graph,
  resources: Resources,
  listeners: ListenerCollections,
  backends: BackendContext,
  telemetryUses: Collection<BackendUse>,
): RouteCollections {
  const routes = graph.join(
    "routes",
    routeKinds.map((kind) => routesOf(graph, kind, resources[kind])),
  );
  const proposed = graph.derive("proposedAttachments", routes, (route, _key, reader) =>
    attachRoute(route, reader, resources, listeners),
  );
  // Whether a route is attached comes first: what nobody of ours carries is not compiled.
  const attachedTo = (reader: Reader, kind: RouteKind, key: string): Route | undefined =>
    reader.fetch(proposed, routeKey(kind, key))?.route;
  const compile = <Kind extends RouteKind, Compiled>(
    kind: Kind,
    name: string,
    compiler: (object: ResourceKinds[Kind], route: Route, reader: Reader) => Compiled,
  ): Collection<Compiled> =>
    graph.derive<ResourceKinds[Kind], Compiled>(
      name,
      resources[kind],
      (object, key, reader) => {
        const route = attachedTo(reader, kind, key);
        return route && compiler(object, route, reader);
      },
      asRoutes(kind),
    );
  const compiled = graph.join("compiledRoutes", [
    compile("HTTPRoute", "compiledHttpRoutes", (object, route, reader) =>
      compileHttpRoute(object, route, reader, backends),
    ),
    compile("GRPCRoute", "compiledGrpcRoutes", (object, route, reader) =>
      compileGrpcRoute(object, route, reader, backends),
    ),
  ]);
  const streams = graph.join(
    "compiledStreams",
    (["TLSRoute", "TCPRoute", "UDPRoute"] as const).map((kind) =>
      compile<typeof kind, CompiledStream>(kind, `compiled${kind}s`, (object, route, reader) =>
        compileStream(object.spec.rules, route, reader, backends),
      ),
    ),
  );
  const verdicts = graph.derive("routeVerdicts", proposed, (attachment, key, { fetch }) =>
    verdictOf(fetch(compiled, key), fetch(streams, key), endsTls(attachment)),
  );
  const claims = graph.group("hostnameClaims", proposed, hostnameClaims);
  const oldest = graph.derive("oldestClaims", claims, oldestClaim);
  const attachments = graph.derive("attachments", proposed, (attachment, key, reader) =>
    refuse(settleRivals(attachment, oldest, reader), reader.fetch(verdicts, key)?.refused),
  );
  const attachedRoutes = graph.count("attachedRoutes", attachments, ({ parents }) => [
    ...new Set(
      parents
        .filter(({ accepted }) => accepted.status === "True")
        .flatMap((parent) => parent.listeners.map(({ point }) => point.key)),
    ),
  ]);
  const uses = graph.join<BackendUse>("backendUses", [
    graph.deriveMany("backendUsesOfRoutes", attachments, (attachment, key, { fetch }) =>
      usesOfRoute(attachment, fetch(compiled, key)?.uses ?? fetch(streams, key)?.uses ?? []),
    ),
    graph.deriveMany("backendUsesOfListeners", listeners.points, usesOfListener),
    telemetryUses,
  ]);
  const usesByBackend = graph.group("usesByBackend", uses, ({ backend }) => [backend]);
  return { compiled, streams, attachments, verdicts, attachedRoutes, usesByBackend };
}

function routesOf<Kind extends RouteKind>(
  graph: Graph,
  kind: Kind,
  objects: Collection<ResourceKinds[Kind]>,
): Collection<Route> {
  return graph.derive(`routes of ${kind}`, objects, (object, key) => routeOf(kind, key, object), asRoutes(kind));
}

function attachRoute(
  route: Route,
  reader: Reader,
  resources: Resources,
  { parents: states, pointsByParent, pointsByName, defaultGateways }: ListenerCollections,
): RouteAttachment | undefined {
  const { namespace } = route.reference;
  const defaults = route.usesDefaultGateways === true ? (reader.fetch(defaultGateways, "All") ?? []) : [];
  const parents = withDefaults(route, defaults).flatMap((parentRef, index): readonly ParentAttachment[] => {
    const parent = namedParent(parentRef, namespace);
    const state = parent && reader.fetch(states, parentKey(parent));
    if (parent === undefined || state === undefined) return [];
    if (state.refused !== undefined) return [refuseParent(parentRef, index, state.refused)];
    const { sectionName } = parentRef;
    const named = valuesOf(sectionName === undefined ? [] : reader.fetch(pointsByName, pointKey(parent, sectionName)));
    // Which others there are is asked by those alone who take what there is, or have to be told.
    const points =
      namedPoints(parentRef, named).length > 0 ? named : valuesOf(reader.fetch(pointsByParent, parentKey(parent)));
    return [attach(route, parentRef, index, parent, points, () => reader.fetch(resources.Namespace, namespace))];
  });
  // What `flatMap` makes has room for more than it holds, and these are kept.
  return parents.length === 0 ? undefined : { route, parents: parents.slice() };
}

function valuesOf<Value>(members: readonly Member<Value>[] = []): readonly Value[] {
  return members.map((member) => member.value);
}

/**
 * GEP-3793, useDefaultGateways: all default Gateways are parents, too, as if they had been named. One that is named has what
 * was written of it alone.
 */
function withDefaults(route: Route, defaults: readonly Member<DefaultGateway>[]): readonly ParentReference[] {
  if (defaults.length === 0) return route.parentRefs;
  const named = new Set(
    route.parentRefs.flatMap((reference) => {
      const parent = namedParent(reference, route.reference.namespace);
      return parent?.kind === "Gateway" ? [parent.key] : [];
    }),
  );
  const added = defaults
    .filter(({ key }) => !named.has(key))
    .map(({ value: { namespace, name } }) => ({ group: gatewayGroup, kind: "Gateway", namespace, name }));
  return [...route.parentRefs, ...added];
}

/** Whether the route is attached to a listener that does not pass TLS through. */
export function endsTls({ parents }: RouteAttachment): boolean {
  return parents.some(({ listeners }) => listeners.some(({ point }) => point.tlsMode !== "Passthrough"));
}

/** A route that can't be accepted for what it says keeps its listeners: all its rules answer 500, and no other route's stand in for them. */
function refuse(attachment: RouteAttachment, refusal: Condition | undefined): RouteAttachment {
  if (refusal === undefined) return attachment;
  return {
    ...attachment,
    parents: attachment.parents.map((parent) =>
      parent.accepted.status === "True" ? { ...parent, accepted: refusal } : parent,
    ),
  };
}
