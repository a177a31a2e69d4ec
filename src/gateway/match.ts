import type { RequestMatch, ValueMatch } from "../ir/rule.ts";
import type { GRPCRouteMatch, HTTPRouteMatch } from "../resources/generated/gateway-api.ts";

interface NamedMatch {
  readonly name: string;
  readonly type?: string | undefined;
  readonly value: string;
}

/** Gateway API, HTTPRouteMatch: parts that are absent match everything; an absent path is the prefix `/`. */
export function httpMatch(match: HTTPRouteMatch): RequestMatch {
  const { path, method } = match;
  return {
    path: {
      type: path?.type === "Exact" || path?.type === "RegularExpression" ? path.type : "PathPrefix",
      value: path?.value ?? "/",
    },
    ...(method === undefined ? {} : { method }),
    headers: valueMatches(match.headers, (name) => name.toLowerCase()),
    queryParams: valueMatches(match.queryParams, (name) => name),
  };
}

/** What a GRPCRoute match says of service and method, for precedence; both are empty if it says nothing. */
export interface GrpcMethod {
  readonly service: string;
  readonly method: string;
  readonly exact: boolean;
}

export function grpcMethod(match: GRPCRouteMatch): GrpcMethod {
  const { service = "", method = "", type } = match.method ?? {};
  return { service, method, exact: type !== "RegularExpression" };
}

/**
 * Gateway API, GRPCMethodMatch: a gRPC call is a POST to `/service/method`. An absent service or method matches every
 * one; regular expressions are compared with each of the two alone.
 */
export function grpcMatch(match: GRPCRouteMatch): RequestMatch {
  return {
    path: grpcPath(grpcMethod(match)),
    headers: valueMatches(match.headers, (name) => name.toLowerCase()),
    queryParams: [],
    grpc: true,
  };
}

function grpcPath({ service, method, exact }: GrpcMethod): RequestMatch["path"] {
  if (!exact) {
    return { type: "RegularExpression", value: `/${group(service)}/${group(method)}` };
  }
  if (service !== "" && method !== "") return { type: "Exact", value: `/${service}/${method}` };
  if (service !== "") return { type: "PathPrefix", value: `/${service}` };
  if (method !== "") return { type: "RegularExpression", value: `/[^/]+/${method}` };
  return { type: "PathPrefix", value: "/" };
}

function group(pattern: string): string {
  return pattern === "" ? "[^/]+" : `(?:${pattern})`;
}

/** Gateway API: of several entries with one name, only the first counts. */
function valueMatches(
  matches: readonly NamedMatch[] | undefined,
  canonical: (name: string) => string,
): readonly ValueMatch[] {
  const byName = new Map<string, ValueMatch>();
  for (const match of matches ?? []) {
    const name = canonical(match.name);
    if (byName.has(name)) continue;
    byName.set(name, {
      name,
      type: match.type === "RegularExpression" ? "RegularExpression" : "Exact",
      value: match.value,
    });
  }
  return [...byName.values()];
}
