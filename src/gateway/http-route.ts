import type { Reader } from "../collections/collection.ts";
import type { Retry, Timeouts } from "../ir/rule.ts";
import type { HTTPRoute, HTTPRouteMatch, HTTPRouteRule } from "../resources/generated/gateway-api.ts";
import type { Origin } from "../resources/origin.ts";
import { shared } from "../strings/shared.ts";
import type { BackendContext } from "./backend.ts";
import type { CompiledRoute, CompiledRule } from "./compiled-route.ts";
import { joinRules, problemsOf, type RuleResult, refusalsOf, targetsOf, usesOf } from "./compiled-rule.ts";
import { withoutRefusedMatches } from "./dropped-matches.ts";
import { milliseconds } from "./duration.ts";
import { compileFilters } from "./filters/filters.ts";
import { idleFields, idleRetry, idleWildcards } from "./idle-fields.ts";
import { httpMatch } from "./match.ts";
import type { Route } from "./route.ts";
import { forward, ruleBackends, sessionsNotEnforced } from "./rule-backends.ts";
import { ruleSession } from "./session-persistence.ts";

/** What an HTTPRoute means: one compiled rule for each of its matches. */
export function compileHttpRoute(
  object: HTTPRoute,
  route: Route,
  reader: Reader,
  context: BackendContext,
): CompiledRoute {
  const rules = (object.spec.rules ?? []).flatMap((rule, index) => compileRule(rule, index, route, reader, context));
  return withoutRefusedMatches(object, joinRules(rules));
}

function compileRule(
  rule: HTTPRouteRule,
  ruleIndex: number,
  route: Route,
  reader: Reader,
  context: BackendContext,
): readonly RuleResult[] {
  const origin: Origin = { resource: route.reference, path: ["spec", "rules", ruleIndex] };
  const session = ruleSession(rule, route.key);
  const timeouts = ruleTimeouts(rule);
  const retry = ruleRetry(rule);
  const matches = rule.matches === undefined || rule.matches.length === 0 ? [everything] : rule.matches;
  return matches.map((match, matchIndex): RuleResult => {
    const requestMatch = httpMatch(match);
    const prefix = requestMatch.path.type === "PathPrefix" ? requestMatch.path.value : "/";
    const filters = compileFilters(reader, context, route, rule.filters ?? [], prefix, origin);
    const backends = ruleBackends(reader, context, route, rule.backendRefs ?? [], session, prefix, origin);
    const action: CompiledRule["action"] =
      filters.refusals.length > 0
        ? { kind: "respond", statusCode: 500, reason: "filter_not_supported" }
        : filters.nobodyAuthorizes === true
          ? { kind: "respond", statusCode: 500, reason: "authorization_not_resolved" }
          : filters.redirect !== undefined
            ? { kind: "redirect", ...filters.redirect }
            : forward(backends, 500, {
                mirrors: filters.mirrors,
                ...(filters.rewrite === undefined ? {} : { rewrite: filters.rewrite }),
                ...(timeouts === undefined ? {} : { timeouts }),
                ...(retry === undefined ? {} : { retry }),
              });
    return {
      rule: {
        name: shared(`${route.key}/${rule.name ?? ruleIndex}`),
        match: requestMatch,
        ...(filters.requestHeaders === undefined ? {} : { requestHeaders: filters.requestHeaders }),
        ...(filters.responseHeaders === undefined ? {} : { responseHeaders: filters.responseHeaders }),
        ...(filters.cors === undefined ? {} : { cors: filters.cors }),
        // What answers by itself with an error asks nobody.
        ...(filters.externalAuth === undefined || action.kind === "respond"
          ? {}
          : { externalAuth: filters.externalAuth }),
        action,
        origin: rule.matches === undefined ? origin : { ...origin, path: origin.path.concat("matches", matchIndex) },
        ruleIndex,
        matchIndex,
      },
      targets: targetsOf(action, filters, backends),
      uses: usesOf(filters, backends),
      problems: problemsOf(filters, backends),
      refusals: refusalsOf(ruleIndex, filters, backends),
      notEnforced: [
        ...idleWildcards(rule.filters, origin.path),
        ...(idleFields(rule, action, origin.path) ?? [
          ...sessionsNotEnforced(session, backends, origin.path),
          ...idleRetry(rule, origin.path),
        ]),
      ],
    };
  });
}

const everything: HTTPRouteMatch = { path: { type: "PathPrefix", value: "/" } };

function ruleTimeouts({ timeouts }: HTTPRouteRule): Timeouts | undefined {
  if (timeouts === undefined) return undefined;
  const { request, backendRequest } = timeouts;
  return {
    ...(request === undefined ? {} : { requestMilliseconds: milliseconds(request) }),
    ...(backendRequest === undefined ? {} : { backendRequestMilliseconds: milliseconds(backendRequest) }),
  };
}

/** Gateway API, HTTPRouteRetry: one attempt more unless it says otherwise; 0 disables retries. */
function ruleRetry({ retry }: HTTPRouteRule): Retry | undefined {
  if (retry === undefined || retry.attempts === 0) return undefined;
  return {
    codes: retry.codes ?? [],
    attempts: retry.attempts ?? 1,
    ...(retry.backoff === undefined ? {} : { backoffMilliseconds: milliseconds(retry.backoff) }),
  };
}
