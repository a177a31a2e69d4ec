import type { Any } from "@bufbuild/protobuf/wkt";
import type { Cors } from "../ir/rule.ts";
import { CorsPolicySchema } from "./generated/envoy/extensions/filters/http/cors/v3/cors_pb.ts";
import type { StringMatcherSchema } from "./generated/envoy/type/matcher/v3/string_pb.ts";
import { type Init, pack } from "./message.ts";
import { quote } from "./regex.ts";

/** Name of the filter, and of a route's configuration of it. */
export const CORS = "cors";

/**
 * Gateway API, HTTPCORSFilter. A preflight request is answered here, also that of an origin which is not allowed (without any
 * CORS header): a backend that allows more than the route does is not asked.
 */
export function corsPolicy(cors: Cors): Any {
  return pack(CorsPolicySchema, {
    allowOriginStringMatch: cors.allowOrigins.map((origin) => originMatcher(origin)),
    allowMethods: cors.allowMethods.join(", "),
    allowHeaders: cors.allowHeaders.join(", "),
    exposeHeaders: cors.exposeHeaders.join(", "),
    maxAge: String(cors.maxAgeSeconds),
    allowCredentials: cors.allowCredentials,
    forwardNotMatchingPreflights: false,
  });
}

/** `*` is every origin; `https://*.example.com` every host below, however deep. */
function originMatcher(origin: string): Init<typeof StringMatcherSchema> {
  if (!origin.includes("*")) return { matchPattern: { case: "exact", value: origin } };
  const regex = origin === "*" ? ".*" : origin.split("*").map(quote).join("[^/]+");
  return { matchPattern: { case: "safeRegex", value: { regex } } };
}
