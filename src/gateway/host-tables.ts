import type { HostTable } from "../ir/host-table.ts";
import type { Rule } from "../ir/rule.ts";
import type { AttachedListener } from "./attachment.ts";
import type { CompiledRoute, CompiledRule } from "./compiled-route.ts";
import { redirectOn } from "./filters/redirect.ts";
import { type AttachmentPoint, type GatewayListener, isHeldElsewhere } from "./gateway-listener.ts";
import { anyHostname } from "./hostname.ts";
import { type Competitor, compareCompetitors, type Seniority } from "./precedence.ts";
import type { Route } from "./route.ts";

/** A hostname that is served on a chain, and by which route; without a route, it is there to answer 404. */
export interface HostEntry {
  readonly proxy: string;
  readonly chain: string;
  readonly hostname: string;
  readonly listener: ListenerAddress;
  readonly route?: { readonly key: string; readonly seniority: Seniority; readonly hostname: string };
}

/** What a redirect needs to know of the listener. */
interface ListenerAddress {
  readonly port: number;
  readonly scheme: "http" | "https";
}

function addressOf({ socket, protocol }: Pick<AttachmentPoint, "socket" | "protocol">): ListenerAddress {
  return { port: socket.port, scheme: protocol === "HTTPS" ? "https" : "http" };
}

export function hostEntryTable({ proxy, chain, hostname }: HostEntry): string {
  return `${proxy}|${chain}/${hostname}`;
}

/**
 * The tables that a listener has even without routes: its own hostname, and the one for all other hosts. A hostname that a
 * more specific listener holds is never this one's ("Listener Isolation"): over HTTP they share a chain and its tables, and
 * over TLS such a request is misdirected.
 */
export function listenerEntries(listener: GatewayListener): readonly (readonly [string, HostEntry])[] {
  const { chain } = listener;
  if (chain === undefined || !listener.serving) return [];
  const hostnames = new Set([anyHostname, listener.hostname]);
  return [...hostnames].map((hostname) => [
    `${listener.socket.proxy}|${chain}/${hostname}`,
    { proxy: listener.socket.proxy, chain, hostname, listener: addressOf(listener) },
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
        listener: addressOf(point),
        route: { key: route.key, seniority: route.seniority, hostname: original },
      };
      return [`${hostEntryTable(entry)}|${point.key}|${route.key}`, entry] as const;
    });
}

/** Puts the rules of every route that serves a host into the order in which they compete. */
export function hostTable(
  entries: readonly HostEntry[],
  compiled: (routeKey: string) => CompiledRoute | undefined,
): HostTable | undefined {
  const [first] = entries;
  if (first === undefined) return undefined;
  const competitors = entries.flatMap(({ route, listener }) =>
    route === undefined
      ? []
      : (compiled(route.key)?.rules ?? []).map((rule) => ({
          rule,
          listener,
          competitor: competitorOf(rule, route.seniority, route.hostname),
        })),
  );
  const seen = new Set<string>();
  return {
    proxy: first.proxy,
    chain: first.chain,
    hostname: first.hostname,
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

function competitorOf(rule: CompiledRule, { created, key }: Seniority, hostname: string): Competitor {
  const { match, grpcMethod, ruleIndex, matchIndex } = rule;
  return { created, key, hostname, match, grpcMethod, ruleIndex, matchIndex };
}

function ruleOn(rule: CompiledRule, listener: ListenerAddress): Rule {
  const { grpcMethod: _grpcMethod, ruleIndex: _ruleIndex, matchIndex: _matchIndex, action, ...rest } = rule;
  if (action.kind !== "redirect") return { ...rest, action };
  const { kind: _kind, ...redirect } = action;
  return { ...rest, action: redirectOn(redirect, listener) };
}
