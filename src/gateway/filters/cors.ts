import type { Cors } from "../../ir/rule.ts";
import type { HTTPCORSFilter } from "../../resources/generated/gateway-api.ts";

/** Gateway API, HTTPCORSFilter; `maxAge` is 5 seconds unless given. */
export function cors(filter: HTTPCORSFilter): Cors {
  return {
    allowOrigins: filter.allowOrigins ?? [],
    allowMethods: filter.allowMethods ?? [],
    allowHeaders: filter.allowHeaders ?? [],
    exposeHeaders: filter.exposeHeaders ?? [],
    allowCredentials: filter.allowCredentials ?? false,
    maxAgeSeconds: filter.maxAge ?? 5,
  };
}
