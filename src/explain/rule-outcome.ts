import { create } from "@bufbuild/protobuf";
import { RE2JS } from "re2js";
import {
  type RedirectAction,
  RedirectAction_RedirectResponseCode,
  type Route,
  type RouteAction,
  type RouteMatch,
  RouteMatchSchema,
  RouteSchema,
} from "../envoy/generated/envoy/config/route/v3/route_components_pb.ts";
import type { RegexMatchAndSubstitute } from "../envoy/generated/envoy/type/matcher/v3/regex_pb.ts";
import { routeMatch } from "../envoy/match.ts";
import type { Options } from "../envoy/options.ts";
import { routes } from "../envoy/rule.ts";
import type { Rule } from "../ir/rule.ts";
import { type Mismatch, mismatches } from "./match-route.ts";
import { splitQuery } from "./path.ts";
import type { ReceivedRequest } from "./received-request.ts";
import { bytesOf } from "./request.ts";

/** What a rule does with a request that it matches. */
export type RuleOutcome =
  | { readonly kind: "redirect"; readonly statusCode: number; readonly location: string }
  | { readonly kind: "respond"; readonly statusCode: number; readonly reason: string }
  /** A CORS preflight of a rule that forwards: Envoy's filter answers it. Of other rules it looks at none. */
  | { readonly kind: "preflight" }
  /** The request as it goes out, for each of the rule's destinations that has a weight, in their order. */
  | { readonly kind: "forward"; readonly shares: readonly ForwardedRequest[] };

export interface ForwardedRequest {
  readonly authority: string;
  /** With the query. */
  readonly path: string;
}

/** Why a rule does not match; nothing where it does. */
export function ruleMismatches({ match }: Pick<Rule, "match">, request: ReceivedRequest): readonly Mismatch[] {
  return mismatches(create(RouteMatchSchema, routeMatch(match)), request);
}

/**
 * What becomes of a request that the rule matches, read from the very routes that Envoy gets for the rule.
 *
 * @param hostname of the host table that the rule stands in
 */
export function ruleOutcome(rule: Rule, request: ReceivedRequest, hostname: string, options: Options): RuleOutcome {
  if (rule.action.kind === "respond") return rule.action;
  if (rule.action.kind === "forward" && rule.cors !== undefined && isPreflight(request)) return { kind: "preflight" };
  const matching = routes(rule, hostname, options)
    .map((route) => create(RouteSchema, route))
    .filter(({ match }) => match !== undefined && mismatches(match, request).length === 0);
  const [first] = matching;
  if (first?.action.case === "redirect") return redirected(first.action.value, first, request);
  return { kind: "forward", shares: matching.flatMap((route) => forwarded(route, request)) };
}

function isPreflight({ method, headers }: ReceivedRequest): boolean {
  const has = (name: string): boolean => (headers.get(name)?.[0] ?? "") !== "";
  return method === "OPTIONS" && has("origin") && has("access-control-request-method");
}

function forwarded(route: Route, request: ReceivedRequest): readonly ForwardedRequest[] {
  if (route.action.case !== "route") return [];
  const action = route.action.value;
  const path = rewrittenPath(action, route.match, request);
  const authority = hostRewrite(action) ?? request.authority;
  return action.clusterSpecifier.case === "weightedClusters"
    ? action.clusterSpecifier.value.clusters.map((cluster) => ({ path, authority: hostRewrite(cluster) ?? authority }))
    : [{ path, authority }];
}

function hostRewrite({
  hostRewriteSpecifier: { case: kind, value },
}: {
  readonly hostRewriteSpecifier:
    | RouteAction["hostRewriteSpecifier"]
    | { readonly case: undefined; readonly value?: undefined };
}): string | undefined {
  return kind === "hostRewriteLiteral" ? bytesOf(value) : undefined;
}

function rewrittenPath(
  { prefixRewrite, regexRewrite }: Pick<RouteAction, "prefixRewrite" | "regexRewrite">,
  match: RouteMatch | undefined,
  { path, query }: ReceivedRequest,
): string {
  if (regexRewrite !== undefined) return substituted(regexRewrite, path) + query;
  if (prefixRewrite === "") return path + query;
  return bytesOf(prefixRewrite) + path.slice(matchedLength(match, path)) + query;
}

/** How much of a path a prefix rewrite replaces. */
function matchedLength(match: RouteMatch | undefined, path: string): number {
  const specifier = match?.pathSpecifier;
  if (specifier?.case === "prefix" || specifier?.case === "pathSeparatedPrefix") return bytesOf(specifier.value).length;
  return path.length;
}

/** Ours begin with "^" and substitute text, not groups. */
function substituted({ pattern, substitution }: RegexMatchAndSubstitute, path: string): string {
  const text = bytesOf(substitution).replaceAll("\\\\", "\\");
  return RE2JS.compile(bytesOf(pattern?.regex ?? ""))
    .matcher(path)
    .replaceFirst(RE2JS.quoteReplacement(text));
}

const { MOVED_PERMANENTLY, FOUND, SEE_OTHER, TEMPORARY_REDIRECT, PERMANENT_REDIRECT } =
  RedirectAction_RedirectResponseCode;

const statusCodes: ReadonlyMap<RedirectAction_RedirectResponseCode, number> = new Map([
  [MOVED_PERMANENTLY, 301],
  [FOUND, 302],
  [SEE_OTHER, 303],
  [TEMPORARY_REDIRECT, 307],
  [PERMANENT_REDIRECT, 308],
]);

function redirected(action: RedirectAction, { match }: Pick<Route, "match">, request: ReceivedRequest): RuleOutcome {
  const scheme =
    action.schemeRewriteSpecifier.case === "schemeRedirect" ? action.schemeRewriteSpecifier.value : request.scheme;
  const port = action.portRedirect === 0 ? "" : `:${action.portRedirect}`;
  const host = action.hostRedirect === "" ? redirectHost(request, scheme, port) : action.hostRedirect;
  const location = `${scheme}://${host}${port}${redirectPath(action, match, request)}`;
  return { kind: "redirect", statusCode: statusCodes.get(action.responseCode) ?? 301, location };
}

/** The Host of the request, without a port where another one takes its place, or it was that of the scheme that is left. */
function redirectHost({ authority, scheme }: ReceivedRequest, newScheme: string, newPort: string): string {
  const end = authority.startsWith("[") ? authority.lastIndexOf("]:") + 1 : authority.lastIndexOf(":");
  if (end <= 0) return authority;
  const wellKnown = scheme === "https" ? ":443" : ":80";
  const left = newScheme !== scheme && authority.slice(end) === wellKnown;
  return newPort !== "" || left ? authority.slice(0, end) : authority;
}

function redirectPath(
  { pathRewriteSpecifier: specifier }: RedirectAction,
  match: RouteMatch | undefined,
  request: ReceivedRequest,
): string {
  const { path, query } = request;
  switch (specifier.case) {
    case "pathRedirect": {
      const [newPath, newQuery] = splitQuery(bytesOf(specifier.value));
      return newPath + (newQuery === "" ? query : newQuery);
    }
    case "prefixRewrite":
      return rewrittenPath({ prefixRewrite: specifier.value }, match, request);
    case "regexRewrite":
      return rewrittenPath({ prefixRewrite: "", regexRewrite: specifier.value }, match, request);
    default:
      return path + query;
  }
}
