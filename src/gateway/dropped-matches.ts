import { refusedExpressions } from "../resources/checks/regular-expressions.ts";
import type { GRPCRoute, HTTPRoute } from "../resources/generated/gateway-api.ts";
import type { CompiledRoute } from "./compiled-route.ts";

/**
 * The route without the matches that hold a regular expression which can't be used: no request can be told to match one. Its
 * rule goes on with its other matches, and the route with its other rules.
 *
 * Files with such an expression are refused as a whole. An API server looks at no expressions, so they come from there.
 */
export function withoutRefusedMatches(route: GRPCRoute | HTTPRoute, compiled: CompiledRoute): CompiledRoute {
  const refused = refusedExpressions(route);
  if (refused.length === 0) return compiled;
  const keys = new Set(refused.map(({ path }) => `${path[2]}/${path[4]}`));
  return {
    ...compiled,
    rules: compiled.rules.filter(({ ruleIndex, matchIndex }) => !keys.has(`${ruleIndex}/${matchIndex}`)),
    dropped: refused.map(({ path, message }) => ({ ruleIndex: Number(path[2]), path, message })),
  };
}
