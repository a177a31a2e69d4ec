import type { GRPCRoute, HTTPRoute } from "../generated/gateway-api.ts";
import { type Mistake, mistake } from "../mistake.ts";
import { type FieldPath, formatPath } from "../origin.ts";
import { expressionProblem, maximalSize, sizeOf } from "../regular-expression.ts";

/** Regular expressions that Envoy would refuse. */
export function checkRegularExpressions(route: GRPCRoute | HTTPRoute): readonly Mistake[] {
  return refusedExpressions(route).map(({ path, message, remedy }) => mistake("invalid-regex", path, message, remedy));
}

/** One that can't be served, and why. */
export interface RefusedExpression {
  readonly path: FieldPath;
  readonly message: string;
  readonly remedy?: string;
}

/**
 * Expressions that Envoy can't use: it takes RE2's syntax, which has no look-around and no back-references.
 *
 * GEP-4359 asks for a part of POSIX ERE, all of which RE2 has; whatever else RE2 has may be used, too. What a route's expressions come to
 * together is bounded; of those that are too much the first are used.
 */
export function refusedExpressions(route: GRPCRoute | HTTPRoute): readonly RefusedExpression[] {
  const known = refusedOf.get(route) ?? findRefused(route);
  refusedOf.set(route, known);
  return known;
}

// Whoever reads a route asks, and whoever compiles it.
const refusedOf = new WeakMap<GRPCRoute | HTTPRoute, readonly RefusedExpression[]>();

function findRefused(route: GRPCRoute | HTTPRoute): readonly RefusedExpression[] {
  let before = 0;
  return expressionsOf(route).flatMap(({ path, expression }) => {
    const problem = expressionProblem(expression, before);
    const size = sizeOf(expression);
    if (size <= maximalSize) before += size;
    if (problem === undefined) return [];
    const remedy = remedyFor(expression);
    const shown = expression.length > 100 ? `${expression.slice(0, 100)}…` : expression;
    const message = `${formatPath(path)}: ${JSON.stringify(shown)} is not a regular expression that Envoy takes (RE2): ${problem}.`;
    return [{ path, message, ...(remedy === undefined ? {} : { remedy }) }];
  });
}

interface Expression {
  readonly path: FieldPath;
  readonly expression: string;
}

function expressionsOf(route: GRPCRoute | HTTPRoute): readonly Expression[] {
  return route.kind === "GRPCRoute" ? inGrpcRoute(route) : inHttpRoute(route);
}

function inHttpRoute({ spec }: HTTPRoute): readonly Expression[] {
  return (spec.rules ?? []).flatMap(({ matches }, rule) =>
    (matches ?? []).flatMap(({ path, headers = [], queryParams = [] }, match) => {
      const at = ["spec", "rules", rule, "matches", match];
      return [
        ...valueOfType(path, [...at, "path"]),
        ...headers.flatMap((header, index) => valueOfType(header, [...at, "headers", index])),
        ...queryParams.flatMap((parameter, index) => valueOfType(parameter, [...at, "queryParams", index])),
      ];
    }),
  );
}

function inGrpcRoute({ spec }: GRPCRoute): readonly Expression[] {
  return (spec.rules ?? []).flatMap(({ matches }, rule) =>
    (matches ?? []).flatMap(({ method, headers = [] }, match) => {
      const at = ["spec", "rules", rule, "matches", match];
      const parts = method?.type === "RegularExpression" ? (["service", "method"] as const) : [];
      return [
        ...parts.flatMap((part) => {
          const expression = method?.[part];
          // An empty one is as good as none: it matches every service or method.
          return expression === undefined || expression === "" ? [] : [{ path: [...at, "method", part], expression }];
        }),
        ...headers.flatMap((header, index) => valueOfType(header, [...at, "headers", index])),
      ];
    }),
  );
}

function valueOfType(match: { readonly type: string; readonly value: string }, path: FieldPath): readonly Expression[] {
  return match.type === "RegularExpression" ? [{ path: [...path, "value"], expression: match.value }] : [];
}

function remedyFor(expression: string): string | undefined {
  if (/\(\?<?[=!]/.test(expression)) return "RE2 has no look-around; use a second match, or list what may be there.";
  if (/\\[1-9]/.test(expression)) return "RE2 has no back-references.";
  return /^[*+?]/.test(expression) ? `If any characters were meant, write .${expression}` : undefined;
}
