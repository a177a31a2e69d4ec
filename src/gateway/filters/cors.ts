import type { Cors } from "../../ir/rule.ts";
import type { HTTPCORSFilter } from "../../resources/generated/gateway-api.ts";

/**
 * Gateway API, HTTPCORSFilter; `maxAge` is 5 seconds unless given. With credentials, `*` may not be answered, and for exposed
 * headers there is nothing that it could be replaced by.
 */
export function cors(filter: HTTPCORSFilter): Cors {
  return {
    allowOrigins: filter.allowOrigins ?? [],
    allowMethods: filter.allowMethods ?? [],
    allowHeaders: filter.allowHeaders ?? [],
    exposeHeaders: (filter.exposeHeaders ?? []).filter((name) => name !== "*" || filter.allowCredentials !== true),
    allowCredentials: filter.allowCredentials ?? false,
    maxAgeSeconds: filter.maxAge ?? 5,
  };
}
