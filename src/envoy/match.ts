import type { PathMatch, RequestMatch, ValueMatch } from "../ir/rule.ts";
import type {
  HeaderMatcherSchema,
  QueryParameterMatcherSchema,
  RouteMatchSchema,
} from "./generated/envoy/config/route/v3/route_components_pb.ts";
import type { StringMatcherSchema } from "./generated/envoy/type/matcher/v3/string_pb.ts";
import type { Init } from "./message.ts";
import { quote } from "./regex.ts";

/** When a rule applies. All of it must hold. */
export function routeMatch(match: RequestMatch): Init<typeof RouteMatchSchema> {
  const method = match.method === undefined ? [] : [{ name: ":method", type: "Exact", value: match.method } as const];
  return {
    pathSpecifier: pathSpecifier(match.path),
    headers: [...method, ...match.headers].map((header) => headerMatcher(header)),
    queryParameters: match.queryParams.map((param) => queryParameterMatcher(param)),
    ...(match.grpc === true && { grpc: {} }),
  };
}

/**
 * A prefix without its trailing "/", which means nothing in the specification: `/foo/` and `/foo` match the same paths.
 *
 * @example withoutTrailingSlash("/foo/")  // "/foo"
 * @example withoutTrailingSlash("/")      // ""
 */
export function withoutTrailingSlash(prefix: string): string {
  return prefix.replace(/\/+$/, "");
}

function pathSpecifier({ type, value }: PathMatch): NonNullable<Init<typeof RouteMatchSchema>["pathSpecifier"]> {
  switch (type) {
    case "Exact":
      return { case: "path", value };
    case "PathPrefix": {
      const prefix = withoutTrailingSlash(value);
      return prefix === "" ? { case: "prefix", value: "/" } : { case: "pathSeparatedPrefix", value: prefix };
    }
    case "RegularExpression":
      return { case: "safeRegex", value: { regex: value } };
  }
}

function headerMatcher({ name, ...match }: ValueMatch): Init<typeof HeaderMatcherSchema> {
  return {
    name: name === "host" ? ":authority" : name,
    headerMatchSpecifier: { case: "stringMatch", value: stringMatcher(match) },
  };
}

function queryParameterMatcher({ name, type, value }: ValueMatch): Init<typeof QueryParameterMatcherSchema> {
  const matcher = type === "Exact" ? exactQueryValue(value) : stringMatcher({ type, value });
  return { name, queryParameterMatchSpecifier: { case: "stringMatch", value: matcher } };
}

/** Envoy compares what stands in the URL, where most characters may be written as they are or encoded. */
function exactQueryValue(value: string): Init<typeof StringMatcherSchema> {
  if (/^[A-Za-z0-9._~-]*$/.test(value)) return stringMatcher({ type: "Exact", value });
  return stringMatcher({ type: "RegularExpression", value: value.replace(/[^A-Za-z0-9_~-]/gu, eitherWay) });
}

function eitherWay(character: string): string {
  const encoded = [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
  return `(?:${quote(character)}${character === " " ? "|\\+" : ""}|(?i:${encoded}))`;
}

function stringMatcher({ type, value }: Omit<ValueMatch, "name">): Init<typeof StringMatcherSchema> {
  switch (type) {
    case "Exact":
      return { matchPattern: { case: "exact", value } };
    case "RegularExpression":
      return { matchPattern: { case: "safeRegex", value: { regex: value } } };
  }
}
