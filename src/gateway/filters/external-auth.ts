import type { ExternalAuth } from "../../ir/rule.ts";
import type { HTTPExternalAuthFilter } from "../../resources/generated/gateway-api.ts";
import type { Origin } from "../../resources/origin.ts";

/** Gateway API, HTTPExternalAuthFilter; `cluster` is what its backendRef was resolved to. A `maxSize` of 0 sends no body. */
export function externalAuth(filter: HTTPExternalAuthFilter, cluster: string, origin: Origin): ExternalAuth {
  const { protocol, grpc, http, forwardBody } = filter;
  const maxSize = forwardBody?.maxSize ?? 0;
  const common = { cluster, ...(maxSize === 0 ? {} : { bodyBytes: maxSize }), origin };
  if (protocol === "GRPC") {
    return { ...common, protocol, requestHeaders: lowerCase(grpc?.allowedHeaders), responseHeaders: [] };
  }
  return {
    ...common,
    protocol,
    ...(http?.path === undefined || http.path === "" ? {} : { pathPrefix: pathPrefix(http.path) }),
    requestHeaders: lowerCase(http?.allowedHeaders),
    responseHeaders: lowerCase(http?.allowedResponseHeaders),
  };
}

/** With one "/" before it and none behind, where the request's own path begins. */
function pathPrefix(path: string): string {
  return `/${path.replace(/^\/+|\/+$/g, "")}`;
}

function lowerCase(names: readonly string[] | undefined): readonly string[] {
  return [...new Set((names ?? []).map((name) => name.toLowerCase()))].sort();
}
