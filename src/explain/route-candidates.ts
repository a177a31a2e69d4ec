import type { AttachedListener } from "../gateway/attachment.ts";
import { isHeldElsewhere } from "../gateway/gateway-listener.ts";
import { covers } from "../gateway/hostname.ts";
import { socketKey } from "../gateway/listener.ts";
import { namedParent } from "../gateway/listener-parent.ts";
import { grpcMatch, httpMatch } from "../gateway/match.ts";
import { type Route, routeOf } from "../gateway/route.ts";
import type { HostTable } from "../ir/host-table.ts";
import type { Listener } from "../ir/listener.ts";
import type { RequestMatch } from "../ir/rule.ts";
import { type FieldPath, formatReference, type ResourceReference } from "../resources/origin.ts";
import { type Explained, placeOf } from "./explained.ts";
import type { Candidate, CandidateReason } from "./explanation.ts";
import { bareHost } from "./host.ts";
import type { ReceivedRequest } from "./received-request.ts";
import { ruleMismatches } from "./rule-outcome.ts";
import { matchText } from "./rule-step.ts";

/** Where a request went, as far as it came. */
export interface Destination {
  readonly listener?: Listener;
  readonly table?: HostTable;
}

/** Why a route lost, and the field that decided it; without one, the rule that would match. */
interface Loss {
  readonly reason: CandidateReason;
  readonly message: string;
  readonly path?: FieldPath;
}

/**
 * Routes that have a rule for the request's host and for the request, and do not answer it: attached nowhere, elsewhere, or
 * outdone by a more specific hostname. Routes in the host table that was chosen are left out.
 */
export function routeCandidates(
  explained: Explained,
  request: ReceivedRequest,
  destination: Destination,
): readonly Candidate[] {
  const host = bareHost(request.authority);
  const inTable = new Set((destination.table?.rules ?? []).map(({ origin }) => formatReference(origin.resource)));
  return routesOf(explained).flatMap(({ route, rules }): readonly Candidate[] => {
    const forHost = (route.hostnames ?? ["*"]).some((name) => covers(name.toLowerCase(), host));
    if (!forHost || inTable.has(formatReference(route.reference))) return [];
    const rule = rules.find(({ match }) => ruleMismatches({ match }, request).length === 0);
    if (rule === undefined) return [];
    return lossesOf(explained, route, host, destination).map(({ reason, message, path }) => ({
      kind: "route",
      name: `${formatReference(route.reference)} (${matchText(rule.match)})`,
      reason,
      message,
      place: placeOf(explained, { resource: route.reference, path: path ?? rule.path }),
    }));
  });
}

/** TCP, TLS and UDP routes for a server name, but for the one that has the connection. */
export function streamCandidates(
  explained: Explained,
  kind: "TCPRoute" | "TLSRoute" | "UDPRoute",
  serverName: string | undefined,
  { listener, winner }: { readonly listener?: Listener; readonly winner?: ResourceReference },
): readonly Candidate[] {
  const host = serverName?.toLowerCase() ?? "";
  return [...explained.resources[kind].entries()].flatMap(([key, object]): readonly Candidate[] => {
    const route = routeOf(kind, key, object);
    const forHost = (route.hostnames ?? ["*"]).some((name) => covers(name.toLowerCase(), host));
    if (!forHost || (winner !== undefined && formatReference(winner) === formatReference(route.reference))) return [];
    return lossesOf(explained, route, host, listener === undefined ? {} : { listener }).map(
      ({ reason, message, path = [] }) => ({
        kind: "route",
        name: formatReference(route.reference),
        reason,
        message,
        place: placeOf(explained, { resource: route.reference, path }),
      }),
    );
  });
}

interface RouteRules {
  readonly route: Route;
  readonly rules: readonly { readonly match: RequestMatch; readonly path: FieldPath }[];
}

/** HTTPRouteRule.matches, and GRPCRouteRule.matches: without any, a rule matches every request. */
const everyRequest: RequestMatch = { path: { type: "PathPrefix", value: "/" }, headers: [], queryParams: [] };

/** All that there are, attached or not. */
function routesOf({ resources }: Explained): readonly RouteRules[] {
  const rulesOf = <Match>(
    rules: readonly { readonly matches?: readonly Match[] }[],
    meaning: (match: Match) => RequestMatch,
    meaningOfNone: RequestMatch,
  ): RouteRules["rules"] =>
    rules.flatMap(({ matches = [] }, index) =>
      matches.length === 0
        ? [{ match: meaningOfNone, path: ["spec", "rules", index] }]
        : matches.map((match, position) => ({
            match: meaning(match),
            path: ["spec", "rules", index, "matches", position],
          })),
    );
  return [
    ...[...resources.HTTPRoute.entries()].map(([key, object]) => ({
      route: routeOf("HTTPRoute", key, object),
      rules: rulesOf(object.spec.rules ?? [], httpMatch, everyRequest),
    })),
    ...[...resources.GRPCRoute.entries()].map(([key, object]) => ({
      route: routeOf("GRPCRoute", key, object),
      rules: rulesOf(object.spec.rules ?? [], grpcMatch, grpcMatch({})),
    })),
  ];
}

function lossesOf(explained: Explained, route: Route, host: string, destination: Destination): readonly Loss[] {
  const parents = explained.semantics.attachments.get(route.key)?.parents ?? [];
  const refused = parents
    .filter(({ listeners }) => listeners.length === 0)
    .map(({ accepted, index }): Loss => {
      const path = index < route.parentRefs.length ? ["spec", "parentRefs", index] : ["spec", "useDefaultGateways"];
      return { reason: "not-attached", message: `is not attached: ${accepted.message}`, path };
    });
  const elsewhere = parents.flatMap(({ index, listeners }) =>
    listeners.map((attached) => lossOn(attached, host, destination, ["spec", "parentRefs", index])),
  );
  return [...elsewhere, ...refused, ...unservedParents(explained, route)];
}

/** Why a route that is attached to a listener does not have the request from there. */
function lossOn(
  { point, hostnames }: AttachedListener,
  host: string,
  { listener, table }: Destination,
  path: FieldPath,
): Loss {
  const where = `listener "${point.name}" of ${point.parent.kind} ${point.parent.key}, ${point.protocol} on port ${point.socket.port}`;
  const covering = hostnames.filter(({ hostname }) => covers(hostname, host));
  const names = hostnames.map(({ hostname }) => hostname).join(", ");
  if (!point.serving) return { reason: "not-served", message: `is attached to ${where}, which is not served`, path };
  if (covering.length === 0) {
    return {
      reason: "other-host",
      message: `is attached to ${where}, which takes no more of its hosts than ${names}`,
      path,
    };
  }
  if (listener === undefined || socketKey(point.socket) !== `${listener.proxy}|${listener.name}`) {
    return { reason: "other-listener", message: `is attached to ${where}; this request goes elsewhere`, path };
  }
  if (covering.every(({ hostname }) => isHeldElsewhere(point, hostname))) {
    return {
      reason: "less-specific-host",
      message: `is attached to ${where}, and another listener of the port has a more specific hostname for this host`,
      path,
    };
  }
  if (table === undefined) {
    const message = `is attached to ${where}, where a route with a more specific hostname, or an older one, comes first`;
    return { reason: "less-specific-host", message, path };
  }
  return {
    reason: "less-specific-host",
    message: `is for ${covering.map(({ hostname }) => hostname).join(", ")}, and ${table.hostname} is more specific: what none of its rules matches gets 404`,
    path: ["spec", "hostnames"],
  };
}

/** References to parents that are not there, or not ours to serve. */
function unservedParents({ resources, semantics }: Explained, route: Route): readonly Loss[] {
  const loss = (index: number, message: string): Loss => ({
    reason: "not-attached",
    message: `is not attached: ${message}`,
    path: ["spec", "parentRefs", index],
  });
  if (route.parentRefs.length === 0 && route.usesDefaultGateways !== true) {
    return [{ reason: "not-attached", message: "is not attached: it names no parent", path: ["spec"] }];
  }
  return route.parentRefs.flatMap((reference, index): readonly Loss[] => {
    const parent = namedParent(reference, route.reference.namespace);
    if (parent === undefined) return [loss(index, `${reference.kind} is no kind of parent that is served.`)];
    const { kind, key } = parent;
    if (semantics.parents.get(`${kind}/${key}`) !== undefined) return [];
    if (resources[kind].get(key) === undefined) return [loss(index, `There is no ${kind} ${key}.`)];
    const { gatewayClassName } = resources.Gateway.get(key)?.spec ?? {};
    return [
      loss(
        index,
        gatewayClassName === undefined
          ? `${kind} ${key} is not part of a Gateway that is served.`
          : `Gateway ${key} is of class ${gatewayClassName}, ${resources.GatewayClass.get(gatewayClassName) === undefined ? "which does not exist" : "which is not served here"}.`,
      ),
    ];
  });
}
