import type { ForwardAction, RespondAction, Rule, WeightedDestination } from "../ir/rule.ts";
import { CORS, corsPolicy } from "./cors.ts";
import { destinations, weighted } from "./destinations.ts";
import { EXTERNAL_AUTH, externalAuth } from "./external-auth.ts";
import { fraction } from "./fraction.ts";
import type { RouteActionSchema, RouteSchema } from "./generated/envoy/config/route/v3/route_components_pb.ts";
import { hostFrom, requestHeaders, responseHeaders } from "./headers.ts";
import { routeMatch } from "./match.ts";
import type { Init } from "./message.ts";
import { mirrorPolicy } from "./mirror.ts";
import type { Options } from "./options.ts";
import { HOST_WITH_PORT, redirect } from "./redirect.ts";
import { METADATA, ruleMetadata } from "./request-metrics.ts";
import { retryPolicy } from "./retry.ts";
import { rewriteAction } from "./rewrite.ts";
import { timeouts } from "./timeouts.ts";

type RouteInit = Init<typeof RouteSchema>;
/** What the routes of one rule have in common. */
type Common = RouteInit & { readonly match: ReturnType<typeof routeMatch> };

/** Envoy's routes for one rule: one, but where destinations rewrite paths each of its own. */
export function routes(rule: Rule, tableHostname: string, options: Options): readonly RouteInit[] {
  const common = {
    name: rule.name === "" ? "rule" : rule.name,
    match: routeMatch(rule.match),
    ...requestHeaders(rule.requestHeaders),
    ...responseHeaders(rule.responseHeaders),
    typedPerFilterConfig: perFilterConfig(rule),
    ...metadata(rule),
  };
  const { action } = rule;
  switch (action.kind) {
    case "forward": {
      const shares = weighted(action);
      return shares.some((share) => share.rewrite?.path !== undefined)
        ? routePerShare(common, rule, action, shares)
        : [{ ...common, action: { case: "route", value: forward(rule, action, shares) } }];
    }
    case "redirect":
      return redirectRoutes(common, redirect(action, tableHostname, options.portOffset));
    case "respond":
      return [{ ...common, ...respond(rule, action) }];
  }
}

/** What the rule says to the filters that do nothing otherwise. */
function perFilterConfig({ cors, externalAuth: auth }: Rule): NonNullable<RouteInit["typedPerFilterConfig"]> {
  return {
    ...(cors && { [CORS]: corsPolicy(cors) }),
    ...(auth && { [EXTERNAL_AUTH]: externalAuth(auth) }),
  };
}

function forward(
  rule: Rule,
  action: ForwardAction,
  shares: readonly WeightedDestination[],
): Init<typeof RouteActionSchema> {
  const hostname = action.rewrite?.hostname ?? hostFrom(rule.requestHeaders);
  return {
    ...rewriteAction({ ...action.rewrite, ...(hostname !== undefined && { hostname }) }),
    ...destinations(shares, rule.match.grpc === true),
    ...timeouts(action, rule.match),
    requestMirrorPolicies: action.mirrors.map((mirror) => mirrorPolicy(mirror)),
    ...(action.retry && { retryPolicy: retryPolicy(action.retry, action.timeouts) }),
  };
}

/**
 * Envoy rewrites paths per route, not per destination. So each destination gets a route; they are told apart by the request's
 * random number, which stays the same from one route to the next: the first takes those below its weight, the second those below
 * the sum of both, and the last takes the rest.
 */
function routePerShare(
  common: Common,
  rule: Rule,
  action: ForwardAction,
  shares: readonly WeightedDestination[],
): readonly RouteInit[] {
  const total = shares.reduce((sum, share) => sum + share.weight, 0);
  let below = 0;
  return shares.map((share, index) => {
    below += share.weight;
    const rewrite = { ...action.rewrite, ...share.rewrite };
    const match =
      index === shares.length - 1
        ? common.match
        : { ...common.match, runtimeFraction: { defaultValue: fraction(below, total) } };
    return {
      ...common,
      match,
      action: { case: "route" as const, value: forward(rule, { ...action, rewrite }, [share]) },
    };
  });
}

function redirectRoutes(common: Common, { usual, explicit }: ReturnType<typeof redirect>): readonly RouteInit[] {
  const route: RouteInit = { ...common, action: { case: "redirect", value: usual } };
  if (explicit === undefined) return [route];
  const match = { ...common.match, headers: [...(common.match.headers ?? []), HOST_WITH_PORT] };
  return [{ ...common, match, action: { case: "redirect", value: explicit } }, route];
}

function respond(rule: Rule, action: RespondAction): RouteInit {
  return {
    action: { case: "directResponse", value: { status: action.statusCode } },
    ...metadata(rule, { reason: action.reason }),
  };
}

function metadata(rule: Rule, more: Readonly<Record<string, string>> = {}): Pick<RouteInit, "metadata"> {
  const fields = { ...ruleMetadata(rule), ...more };
  return Object.keys(fields).length === 0 ? {} : { metadata: { filterMetadata: { [METADATA]: fields } } };
}
