import type { Any } from "@bufbuild/protobuf/wkt";
import { maximalAuthorizations } from "../ir/host-table.ts";
import type { ExternalAuth } from "../ir/rule.ts";
import type { TypedExtensionConfigSchema } from "./generated/envoy/config/core/v3/extension_pb.ts";
import {
  CompositePerRouteSchema,
  CompositeSchema,
  ExecuteFilterActionSchema,
} from "./generated/envoy/extensions/filters/http/composite/v3/composite_pb.ts";
import { ExtAuthzSchema } from "./generated/envoy/extensions/filters/http/ext_authz/v3/ext_authz_pb.ts";
import type { HttpFilterSchema } from "./generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import type { ListStringMatcherSchema } from "./generated/envoy/type/matcher/v3/string_pb.ts";
import { StatusCode } from "./generated/envoy/type/v3/http_status_pb.ts";
import { duration, type Init, pack } from "./message.ts";
import { noneOf } from "./regex.ts";
import { SCOPE_HEADER } from "./scope.ts";

/** Name of the filter, and of a route's configuration of it. */
export const EXTERNAL_AUTH = "external-auth";

/** The same before a route is chosen, one after the other, and of a whole table's configuration of them. */
export const LISTENER_AUTH = Array.from({ length: maximalAuthorizations }, (_, index) => `listener-auth-${index}`);

const AUTHORIZATION_MILLISECONDS = 5_000;

/**
 * Does nothing until a route says which filter stands here. What a route's own `ext_authz` could override is less than the API
 * has (which headers are sent, for one), so a route brings a whole filter of its own, and routes without one pay next to nothing.
 */
export function externalAuthFilter(name: string): Init<typeof HttpFilterSchema> {
  return { name, configType: { case: "typedConfig", value: pack(CompositeSchema, {}) } };
}

/**
 * Gateway API, HTTPExternalAuthFilter. A request is let through when the service says so and in no other case: if it does not
 * answer, the answer is 503.
 */
export function externalAuth(auth: ExternalAuth): Any {
  return execute(authorization(auth, false));
}

/**
 * GEP-5224, Listener.filters.requests: one after the other, and the route is chosen anew after the last that adds something.
 * None of them can change the Host. Each has a filter of its own: in a `filter_chain` of one composite filter, those after the
 * first that waits for an answer would be skipped.
 */
export function listenerAuth(authorizations: readonly ExternalAuth[]): Record<string, Any> {
  return Object.fromEntries(
    LISTENER_AUTH.flatMap((name, index) => {
      const auth = authorizations[index];
      return auth === undefined ? [] : [[name, execute(authorization(auth, true))]];
    }),
  );
}

function execute(filter: Init<typeof TypedExtensionConfigSchema>): Any {
  const typedConfig = pack(ExecuteFilterActionSchema, { typedConfig: filter });
  return pack(CompositePerRouteSchema, {
    matcher: { onNoMatch: { onMatch: { case: "action", value: { name: "execute", typedConfig } } } },
  });
}

function authorization(auth: ExternalAuth, clearRouteCache: boolean): Init<typeof TypedExtensionConfigSchema> {
  const typedConfig = pack(ExtAuthzSchema, {
    services: service(auth),
    statusOnError: { code: StatusCode.ServiceUnavailable },
    ...allowedHeaders(auth),
    disallowedHeaders: names([SCOPE_HEADER]),
    // What decides on the table is not theirs to change; nor is the Host, which Envoy protects by itself.
    decoderHeaderMutationRules: { disallowExpression: { regex: SCOPE_HEADER } },
    clearRouteCache,
    ...(auth.bodyBytes !== undefined && { withRequestBody: { maxRequestBytes: auth.bodyBytes } }),
  });
  return { name: "envoy.filters.http.ext_authz", typedConfig };
}

function service(auth: ExternalAuth): NonNullable<Init<typeof ExtAuthzSchema>["services"]> {
  const timeout = duration(AUTHORIZATION_MILLISECONDS);
  if (auth.protocol === "GRPC") {
    return {
      case: "grpcService",
      value: { targetSpecifier: { case: "envoyGrpc", value: { clusterName: auth.cluster } }, timeout },
    };
  }
  return {
    case: "httpService",
    value: {
      serverUri: { uri: "http://authorization", httpUpstreamType: { case: "cluster", value: auth.cluster }, timeout },
      pathPrefix: auth.pathPrefix ?? "",
      authorizationResponse: {
        allowedUpstreamHeaders: auth.responseHeaders.length > 0 ? names(auth.responseHeaders) : anyHeader,
      },
    },
  };
}

/** Where none is named, Envoy sends all over gRPC, and over HTTP those alone that are always sent. */
function allowedHeaders({ requestHeaders }: ExternalAuth): Init<typeof ExtAuthzSchema> {
  return requestHeaders.length === 0 ? {} : { allowedHeaders: names(requestHeaders) };
}

function names(headers: readonly string[]): Init<typeof ListStringMatcherSchema> {
  return {
    patterns: headers.map((name) => ({ matchPattern: { case: "exact", value: name }, ignoreCase: true })),
  };
}

/** All but the Host, as the API asks, and what belongs to the authorization response as a message. */
const anyHeader: Init<typeof ListStringMatcherSchema> = {
  patterns: [
    {
      matchPattern: {
        case: "safeRegex",
        value: {
          regex: noneOf([
            "host",
            "connection",
            "content-length",
            "keep-alive",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
          ]),
        },
      },
    },
  ],
};
