import type { PathMatch, RequestMatch, ValueMatch } from "../ir/rule.ts";
import type {
  HeaderMatcherSchema,
  QueryParameterMatcherSchema,
  RouteMatchSchema,
} from "./generated/envoy/config/route/v3/route_components_pb.ts";
import type { StringMatcherSchema } from "./generated/envoy/type/matcher/v3/string_pb.ts";
import type { Init } from "./message.ts";

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

function queryParameterMatcher({ name, ...match }: ValueMatch): Init<typeof QueryParameterMatcherSchema> {
  return { name, queryParameterMatchSpecifier: { case: "stringMatch", value: stringMatcher(match) } };
}

function stringMatcher({ type, value }: Omit<ValueMatch, "name">): Init<typeof StringMatcherSchema> {
  switch (type) {
    case "Exact":
      return { matchPattern: { case: "exact", value } };
    case "RegularExpression":
      return { matchPattern: { case: "safeRegex", value: { regex: value } } };
  }
}
