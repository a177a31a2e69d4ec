import type { Reader } from "../collections/collection.ts";
import type { GRPCRoute, GRPCRouteRule } from "../resources/generated/gateway-api.ts";
import type { Origin } from "../resources/origin.ts";
import { shared } from "../strings/shared.ts";
import type { BackendContext } from "./backend.ts";
import type { CompiledRoute, CompiledRule } from "./compiled-route.ts";
import { joinRules, problemsOf, type RuleResult, refusalsOf, targetsOf, usesOf } from "./compiled-rule.ts";
import { withoutRefusedMatches } from "./dropped-matches.ts";
import { compileFilters } from "./filters/filters.ts";
import { idleFields } from "./idle-fields.ts";
import { grpcMatch, grpcMethod } from "./match.ts";
import type { Route } from "./route.ts";
import { forward, ruleBackends, sessionsNotEnforced } from "./rule-backends.ts";
import { ruleSession } from "./session-persistence.ts";

/** What a GRPCRoute means: one compiled rule for each of its matches. */
export function compileGrpcRoute(
  object: GRPCRoute,
  route: Route,
  reader: Reader,
  context: BackendContext,
): CompiledRoute {
  const rules = (object.spec.rules ?? []).flatMap((rule, index) => compileRule(rule, index, route, reader, context));
  return withoutRefusedMatches(object, joinRules(rules));
}

function compileRule(
  rule: GRPCRouteRule,
  ruleIndex: number,
  route: Route,
  reader: Reader,
  context: BackendContext,
): readonly RuleResult[] {
  const origin: Origin = { resource: route.reference, path: ["spec", "rules", ruleIndex] };
  const filters = compileFilters(reader, context, route, rule.filters ?? [], "/", origin);
  const session = ruleSession(rule, route.key);
  const backends = ruleBackends(reader, context, route, rule.backendRefs ?? [], session, "/", origin);
  const matches = rule.matches === undefined || rule.matches.length === 0 ? [{}] : rule.matches;
  const action: CompiledRule["action"] =
    filters.refusals.length > 0
      ? { kind: "respond", statusCode: 500, reason: "filter_not_supported" }
      : forward(backends, 503, { mirrors: filters.mirrors });
  return matches.map(
    (match, matchIndex): RuleResult => ({
      rule: {
        name: shared(`${route.key}/${rule.name ?? ruleIndex}`),
        match: grpcMatch(match),
        ...(filters.requestHeaders === undefined ? {} : { requestHeaders: filters.requestHeaders }),
        ...(filters.responseHeaders === undefined ? {} : { responseHeaders: filters.responseHeaders }),
        action,
        origin: rule.matches === undefined ? origin : { ...origin, path: origin.path.concat("matches", matchIndex) },
        grpcMethod: grpcMethod(match),
        ruleIndex,
        matchIndex,
      },
      targets: targetsOf(action, filters, backends),
      uses: usesOf(filters, backends),
      problems: problemsOf(filters, backends),
      refusals: refusalsOf(ruleIndex, filters, backends),
      notEnforced: idleFields(rule, action, origin.path) ?? sessionsNotEnforced(session, backends, origin.path),
    }),
  );
}
