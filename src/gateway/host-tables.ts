import { type HostTable, hostTableKey } from "../ir/host-table.ts";
import type { ForwardAction, Rule, WeightedDestination } from "../ir/rule.ts";
import type { Origin } from "../resources/origin.ts";
import type { AttachedListener } from "./attachment.ts";
import { clusterName, isShownCertificate } from "./backend.ts";
import type { CompiledRoute, CompiledRule } from "./compiled-route.ts";
import { redirectOn } from "./filters/redirect.ts";
import { type AttachmentPoint, type GatewayListener, isHeldElsewhere } from "./gateway-listener.ts";
import { anyHostname } from "./hostname.ts";
import type { ListenerGuard } from "./listener-filters.ts";
import type { GrpcMethod } from "./match.ts";
import { type Competitor, compareCompetitors, type Seniority } from "./precedence.ts";
import type { Route } from "./route.ts";
import { servesAlone } from "./sockets.ts";

/** A hostname that is served on a chain, and by which route; without a route, it is there to answer 404. */
export interface HostEntry {
  readonly proxy: string;
  readonly chain: string;
  readonly hostname: string;
  readonly listener: ServingListener;
  /** Of the listener that the hostname belongs to. */
  readonly guard?: ListenerGuard;
  readonly route?: { readonly key: string; readonly seniority: Seniority; readonly hostname: string };
}

/** What of the listener makes a difference to a rule: redirects keep its address, and backends are shown its Gateway's certificate. */
interface ServingListener {
  readonly origin: Origin;
  readonly port: number;
  readonly scheme: "http" | "https";
  readonly clientCertificate?: string;
  /** The Gateway, where its proxy serves others, too. */
  readonly gateway?: string;
}

function servingListener(
  {
    socket,
    protocol,
    clientCertificate,
    origin,
  }: Pick<AttachmentPoint, "socket" | "protocol" | "clientCertificate" | "origin">,
  gateway: string,
): ServingListener {
  return {
    origin,
    ...(servesAlone(gateway, socket) ? {} : { gateway }),
    port: socket.port,
    scheme: protocol === "HTTPS" ? "https" : "http",
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
  };
}

/**
 * The tables that a listener has even without routes: its own hostname, and the one for all other hosts. A hostname that a
 * more specific listener holds is never this one's ("Listener Isolation"): over HTTP they share a chain and its tables, and
 * over TLS such a request is misdirected.
 */
export function listenerEntries(
  listener: GatewayListener,
  guard: ListenerGuard | undefined,
): readonly (readonly [string, HostEntry])[] {
  const { chain } = listener;
  if (chain === undefined || !listener.serving) return [];
  const hostnames = new Set([anyHostname, listener.hostname]);
  return [...hostnames].map((hostname) => [
    `${listener.socket.proxy}|${chain}/${hostname}`,
    {
      proxy: listener.socket.proxy,
      chain,
      hostname,
      listener: servingListener(listener, listener.gateway.key),
      // The table for all other hosts is there even if it is no listener's.
      ...(guard === undefined || hostname !== listener.hostname ? {} : { guard }),
    },
  ]);
}

/** The tables that a route competes in, one for each listener and hostname. */
export function routeEntries(route: Route, attached: AttachedListener): readonly (readonly [string, HostEntry])[] {
  const { point, hostnames } = attached;
  const { chain } = point;
  if (chain === undefined || !point.serving) return [];
  return hostnames
    .filter(({ hostname }) => !isHeldElsewhere(point, hostname))
    .map(({ hostname, original }) => {
      const entry: HostEntry = {
        proxy: point.socket.proxy,
        chain,
        hostname,
        listener: servingListener(point, point.gatewayKey),
        ...(point.guard === undefined ? {} : { guard: point.guard }),
        route: { key: route.key, seniority: route.seniority, hostname: original },
      };
      return [`${hostTableKey(entry)}|${point.key}|${route.key}`, entry] as const;
    });
}

/** Puts the rules of every route that serves a host into the order in which they compete. */
export function hostTable(
  entries: readonly HostEntry[],
  compiled: (routeKey: string) => CompiledRoute | undefined,
): HostTable | undefined {
  const [first] = entries;
  if (first === undefined) return undefined;
  const guard = entries.find((entry) => entry.guard !== undefined)?.guard;
  const { proxy, chain, hostname } = first;
  if (guard?.closed === true) return { proxy, chain, hostname, rules: [closed(first)] };
  const competitors = entries.flatMap(({ route, listener }) =>
    route === undefined
      ? []
      : rulesOn(compiled(route.key), listener).map((rule) => ({
          rule,
          listener,
          competitor: competitorOf(rule, route.seniority, route.hostname),
        })),
  );
  const seen = new Set<string>();
  return {
    proxy,
    chain,
    hostname,
    ...(guard === undefined ? {} : { authorizations: guard.authorizations }),
    rules: competitors
      .sort((left, right) => compareCompetitors(left.competitor, right.competitor))
      // A route that is attached to a listener by two parentRefs competes once.
      .filter(({ competitor: { key, ruleIndex, matchIndex }, rule }) => {
        const identity = `${rule.origin.resource.kind}/${key}/${ruleIndex}/${matchIndex}`;
        return !seen.has(identity) && seen.add(identity);
      })
      .map(({ rule, listener }) => ruleOn(rule, listener)),
  };
}

/** A route's rules, with the clusters that show the listener's certificate in place of those that show none. */
function rulesOn(route: CompiledRoute | undefined, { clientCertificate }: ServingListener): readonly CompiledRule[] {
  if (route === undefined) return [];
  const inTls = clientCertificate === undefined ? [] : route.targets.filter(isShownCertificate);
  if (inTls.length === 0) return route.rules;
  const names = new Map(inTls.map((target) => [clusterName(target), clusterName(target, clientCertificate)]));
  const shown = <Node extends { readonly cluster?: string }>(node: Node): Node =>
    node.cluster === undefined ? node : { ...node, cluster: names.get(node.cluster) ?? node.cluster };
  return route.rules.map((rule) => {
    const { action, externalAuth } = rule;
    const guarded = externalAuth === undefined ? rule : { ...rule, externalAuth: shown(externalAuth) };
    if (action.kind !== "forward") return guarded;
    const { destinations, mirrors } = action;
    return { ...guarded, action: { ...action, destinations: destinations.map(shown), mirrors: mirrors.map(shown) } };
  });
}

/** Where those that should be asked before every rule can't be, nothing is served. */
function closed({ listener }: HostEntry): Rule {
  return {
    name: "listener",
    match: { path: { type: "PathPrefix", value: "/" }, headers: [], queryParams: [] },
    action: { kind: "respond", statusCode: 500, reason: "authorization_not_resolved" },
    origin: listener.origin,
  };
}

function competitorOf(rule: CompiledRule, { created, key }: Seniority, hostname: string): Competitor {
  const { match, grpcMethod, ruleIndex, matchIndex } = rule;
  return { created, key, hostname, match, grpcMethod, ruleIndex, matchIndex };
}

/** GEP-1619, "Secure, HttpOnly, SameSite": cookies of clients in TLS are for connections in TLS alone. */
function secured(action: ForwardAction, { scheme }: ServingListener): ForwardAction {
  if (scheme !== "https" || action.destinations.every(({ sessionPersistence }) => sessionPersistence === undefined)) {
    return action;
  }
  const destinations = action.destinations.map((destination): WeightedDestination => {
    const { sessionPersistence: session } = destination;
    return session?.kind === "cookie"
      ? { ...destination, sessionPersistence: { ...session, secure: true } }
      : destination;
  });
  return { ...action, destinations };
}

function namedMethod({ service, method, exact }: GrpcMethod): Rule["grpcMethod"] {
  if (!exact || (service === "" && method === "")) return undefined;
  return { ...(service !== "" && { service }), ...(method !== "" && { method }) };
}

function ruleOn(rule: CompiledRule, listener: ServingListener): Rule {
  const { grpcMethod, ruleIndex: _ruleIndex, matchIndex: _matchIndex, action, ...compiled } = rule;
  const named = grpcMethod && namedMethod(grpcMethod);
  const rest = {
    ...compiled,
    ...(listener.gateway !== undefined && { gateway: listener.gateway }),
    ...(named !== undefined && { grpcMethod: named }),
  };
  if (action.kind === "forward") return { ...rest, action: secured(action, listener) };
  if (action.kind !== "redirect") return { ...rest, action };
  const { kind: _kind, ...redirect } = action;
  return { ...rest, action: redirectOn(redirect, listener) };
}
