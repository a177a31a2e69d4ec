import type { Collection, Member } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import type { AccessLog } from "../ir/access-log.ts";
import { keyOf } from "../resources/object.ts";
import { idleSelector } from "./allowed-routes.ts";
import { deriveBoundPorts } from "./bound-ports.ts";
import { type ClientCertificate, clientCertificate } from "./client-certificate.ts";
import { validationWithoutListener } from "./client-validation.ts";
import type { GatewayCollections } from "./derive-gateways.ts";
import {
  type AttachmentPoint,
  attachmentPoint,
  type GatewayListener,
  hostnamesHeldElsewhere,
  settleListener,
} from "./gateway-listener.ts";
import { deriveGivenTelemetry, readGivenTracing, tracingNotEnforced } from "./given-telemetry.ts";
import type { Resources } from "./inputs.ts";
import { type ListenerContext, listenerCandidates, socketKey } from "./listener.ts";
import { distinguish } from "./listener-conflict.ts";
import { type ListenerParent, parentKey } from "./listener-parent.ts";
import type { UnenforcedField } from "./not-enforced.ts";
import type { GivenPlace, Placement } from "./placement.ts";
import type { ReadTracing } from "./tracing-config.ts";

/** Gateways of ours, the ListenerSets that add to them, and the listeners of both, by themselves and against each other. */
export interface ListenerCollections extends Omit<GatewayCollections, "closing"> {
  /** Where each of them is served. */
  readonly places: Collection<GivenPlace>;
  /** How requests and connections of a Gateway are written down; missing where they are not. */
  readonly accessLogs: Collection<readonly AccessLog[]>;
  /** How requests of a Gateway are traced where no XTelemetryPolicy says anything. */
  readonly tracingOfParameters: Collection<ReadTracing>;
  /** Where the fleet listens, by the socket's key, if not on the port that clients know. */
  readonly boundPorts: Collection<number>;
  /**
   * What routes may name as their parent, by `Kind/namespace/name`: nothing but whether it takes routes, for those who need
   * not run again when a Gateway changes.
   */
  readonly parents: Collection<ParentState>;
  /** Those that take every route which asks for default Gateways, under "All". */
  readonly defaultGateways: Collection<readonly Member<DefaultGateway>[]>;
  /** Fields of a Gateway that have no effect, those of its listeners aside. */
  readonly notEnforced: Collection<readonly UnenforcedField[]>;
  /** What Gateways show to their backends, by `namespace/name` of the Gateway. */
  readonly clientCertificates: Collection<ClientCertificate>;
  /** By `Kind/namespace/name/listener` of what they stand in. */
  readonly listeners: Collection<GatewayListener>;
  /** By Gateway: its own, and those of its ListenerSets. */
  readonly listenersByGateway: Collection<readonly Member<GatewayListener>[]>;
  /** By `Kind/namespace/name` of what they stand in. */
  readonly listenersByParent: Collection<readonly Member<GatewayListener>[]>;
  readonly points: Collection<AttachmentPoint>;
  /** By `Kind/namespace/name` of what they stand in. */
  readonly pointsByParent: Collection<readonly Member<AttachmentPoint>[]>;
  /** By {@link pointKey}: for routes that name a listener, which need not run again when another one comes. */
  readonly pointsByName: Collection<readonly Member<AttachmentPoint>[]>;
}

/** GEP-3793: a Gateway with a `defaultScope`; nothing but its name, for a route need not run again when it changes. */
export interface DefaultGateway {
  readonly namespace: string;
  readonly name: string;
}

/** Whether a Gateway or ListenerSet takes routes at all, and why not. */
export interface ParentState {
  readonly refused?: string;
}

/** Of a listener in what it stands in. */
export function pointKey(parent: Pick<ListenerParent, "kind" | "key">, listener: string): string {
  return `${parentKey(parent)}/${listener}`;
}

export function deriveListeners(
  graph: Graph,
  resources: Resources,
  placement: Placement,
  { classes, gateways, refusals, closing, listenerSets }: GatewayCollections,
  context: ListenerContext,
): ListenerCollections {
  const places = graph.derive("places", gateways, (gateway, _key, reader) =>
    placement.placeOf(gateway, reader, resources),
  );
  const parents = graph.join<ParentState>("parents", [
    graph.deriveMany("gatewaysAsParents", gateways, (_, key) => [[parentKey({ kind: "Gateway", key }), {}]]),
    graph.deriveMany("listenerSetsAsParents", listenerSets, ({ refused }, key) => [
      [parentKey({ kind: "ListenerSet", key }), refused === undefined ? {} : { refused: refused.message }],
    ]),
  ]);
  const defaults = graph.derive("defaultGateways", gateways, ({ metadata, spec }): DefaultGateway | undefined =>
    spec.defaultScope === "All" ? { namespace: metadata.namespace ?? "default", name: metadata.name } : undefined,
  );
  const clientCertificates = graph.derive("clientCertificates", gateways, (gateway, _key, reader) =>
    clientCertificate(gateway, reader, context),
  );
  const candidates = graph.join("listenerCandidates", [
    graph.deriveMany("candidatesOfGateways", gateways, (gateway, key, reader) => {
      const place = reader.fetch(places, key);
      if (place === undefined) return [];
      return listenerCandidates(gateway, undefined, placement, place, reader.fetch(closing, key), reader, context);
    }),
    graph.deriveMany("candidatesOfListenerSets", listenerSets, ({ object, gateway, refused }, _key, reader) => {
      const place = refused === undefined ? reader.fetch(places, keyOf(gateway)) : undefined;
      if (place === undefined) return [];
      return listenerCandidates(gateway, object, placement, place, undefined, reader, context);
    }),
  ]);
  const bySocket = graph.group("candidatesBySocket", candidates, (candidate) => [socketKey(candidate.socket)]);
  const distinctness = graph.derive("distinctness", bySocket, distinguish);
  const listeners = graph.derive("listeners", candidates, (candidate, key, { fetch }) =>
    settleListener(candidate, fetch(distinctness, socketKey(candidate.socket))?.get(key)),
  );
  const neighbours = graph.group("listenersBySocket", listeners, (listener) => [socketKey(listener.socket)]);
  const held = graph.derive("hostnamesHeldElsewhere", neighbours, (members) =>
    hostnamesHeldElsewhere(members.map((member) => member.value)),
  );
  const points = graph.derive("attachmentPoints", listeners, (listener, key, { fetch }) =>
    attachmentPoint(
      listener,
      fetch(held, socketKey(listener.socket))?.get(key) ?? new Set(),
      fetch(clientCertificates, listener.gateway.key)?.secret,
    ),
  );
  const { accessLogs, givenTracing } = deriveGivenTelemetry(graph, gateways, placement, resources);
  const tracingOfParameters = graph.derive("tracingOfParameters", givenTracing, (given, _key, reader) =>
    readGivenTracing(given, reader, context),
  );
  const listenersByGateway = graph.group("listenersByGateway", listeners, (listener) => [listener.gateway.key]);
  const notEnforced = graph.derive("notEnforcedOfGateways", gateways, (gateway, key, reader) => {
    const { fetch } = reader;
    const { frontend } = gateway.spec.tls ?? {};
    const fields = [
      ...placement.notEnforced(gateway, reader, resources),
      ...tracingNotEnforced(gateway, fetch(tracingOfParameters, key)),
      ...idleSelector(gateway.spec.allowedListeners?.namespaces, ["spec", "allowedListeners", "namespaces"]),
      ...(frontend === undefined
        ? []
        : validationWithoutListener(
            gateway,
            (fetch(listenersByGateway, key) ?? []).map(({ value: { protocol, socket } }) => ({
              protocol,
              port: socket.port,
            })),
          )),
    ];
    return fields.length === 0 ? undefined : fields;
  });
  return {
    classes,
    gateways,
    places,
    accessLogs,
    tracingOfParameters,
    boundPorts: deriveBoundPorts(graph, candidates, places),
    notEnforced,
    refusals,
    listenerSets,
    parents,
    defaultGateways: graph.group("defaultGatewaysByScope", defaults, () => ["All"]),
    clientCertificates,
    listeners,
    listenersByGateway,
    listenersByParent: graph.group("listenersByParent", listeners, ({ parent }) => [parentKey(parent)]),
    points,
    pointsByParent: graph.group("attachmentPointsByParent", points, ({ parent }) => [parentKey(parent)]),
    pointsByName: graph.group("attachmentPointsByName", points, ({ parent, name }) => [pointKey(parent, name)]),
  };
}
