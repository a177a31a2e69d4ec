import { RE2JS } from "re2js";
import type { GRPCRoute, HTTPRoute } from "../generated/gateway-api.ts";
import { type Mistake, mistake } from "../mistake.ts";
import { type FieldPath, formatPath } from "../origin.ts";

/**
 * Regular expressions that Envoy would refuse: it takes RE2's syntax, which has no look-around and no back-references.
 *
 * Gateway API leaves the dialect to the implementation; the schema only sees a string.
 */
export function checkRegularExpressions(route: GRPCRoute | HTTPRoute): readonly Mistake[] {
  return expressionsOf(route).flatMap(({ path, expression }) => {
    const problem = problemOf(expression);
    return problem === undefined
      ? []
      : [
          mistake(
            "invalid-regex",
            path,
            `${formatPath(path)}: ${JSON.stringify(expression)} is not a regular expression that Envoy takes (RE2): ${problem}.`,
            remedyFor(expression),
          ),
        ];
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
          return expression === undefined ? [] : [{ path: [...at, "method", part], expression }];
        }),
        ...headers.flatMap((header, index) => valueOfType(header, [...at, "headers", index])),
      ];
    }),
  );
}

function valueOfType(match: { readonly type: string; readonly value: string }, path: FieldPath): readonly Expression[] {
  return match.type === "RegularExpression" ? [{ path: [...path, "value"], expression: match.value }] : [];
}

function problemOf(expression: string): string | undefined {
  try {
    RE2JS.compile(expression);
    return undefined;
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return words.replace(/^error parsing regexp: /, "");
  }
}

function remedyFor(expression: string): string | undefined {
  if (/\(\?<?[=!]/.test(expression)) return "RE2 has no look-around; use a second match, or list what may be there.";
  if (/\\[1-9]/.test(expression)) return "RE2 has no back-references.";
  return /^[*+?]/.test(expression) ? `If any characters were meant, write .${expression}` : undefined;
}
