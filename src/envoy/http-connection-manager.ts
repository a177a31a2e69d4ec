import { create } from "@bufbuild/protobuf";
import type { HttpChain } from "../ir/listener.ts";
import { accessLogs } from "./access-log.ts";
import { CORS } from "./cors.ts";
import { EXTERNAL_AUTH, externalAuthFilter, LISTENER_AUTH } from "./external-auth.ts";
import { fixFilters } from "./fix.ts";
import { HttpProtocolOptions_HeadersWithUnderscoresAction } from "./generated/envoy/config/core/v3/protocol_pb.ts";
import { CorsSchema } from "./generated/envoy/extensions/filters/http/cors/v3/cors_pb.ts";
import {
  type HttpConnectionManager,
  HttpConnectionManager_ForwardClientCertDetails,
  HttpConnectionManager_PathWithEscapedSlashesAction,
  HttpConnectionManager_ServerHeaderTransformation,
  HttpConnectionManagerSchema,
  type HttpFilterSchema,
} from "./generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { duration, type Init, pack } from "./message.ts";
import { requestMetrics } from "./request-metrics.ts";
import { router } from "./router.ts";
import { scopedRoutes, scopeMutation } from "./scope.ts";
import { sessionPersistenceFilter } from "./session-persistence.ts";
import { tracing } from "./tracing.ts";

const SECOND = 1_000;

// Envoy obeys x-envoy-* headers (retries, timeouts) of clients whose address is internal, and takes an empty list for all private
// ranges: behind a load balancer that would be everybody. This range is reserved for documentation (RFC 5737).
const NOBODY = { addressPrefix: "192.0.2.0", prefixLen: 32 };

/**
 * What an HTTP chain does with its connections. Nothing in it comes from a route: routes are scopes, and what a route asks of
 * a filter is in that route, because Envoy drains every connection of a chain that changes.
 *
 * The choices and their reasons are in docs/envoy.md.
 */
export function httpConnectionManager(chain: HttpChain, statPrefix: string): HttpConnectionManager {
  return create(HttpConnectionManagerSchema, {
    statPrefix,
    routeSpecifier: { case: "scopedRoutes", value: scopedRoutes() },
    earlyHeaderMutationExtensions: [scopeMutation(chain.name)],
    httpFilters: httpFilters(),
    ...(chain.tracing && { tracing: tracing(chain.tracing) }),
    accessLog: [...requestMetrics(chain.gateway), ...accessLogs(chain, statPrefix)],

    // Who the client is
    useRemoteAddress: true,
    internalAddressConfig: { cidrRanges: [NOBODY] },
    ...verifiedClient(chain),

    // What a request may look like
    normalizePath: true,
    mergeSlashes: true,
    pathWithEscapedSlashesAction: HttpConnectionManager_PathWithEscapedSlashesAction.UNESCAPE_AND_REDIRECT,
    stripTrailingHostDot: true,
    commonHttpProtocolOptions: {
      idleTimeout: duration(900 * SECOND),
      headersWithUnderscoresAction: HttpProtocolOptions_HeadersWithUnderscoresAction.DROP_HEADER,
    },
    httpProtocolOptions: { acceptHttp10: true },
    http2ProtocolOptions: {
      maxConcurrentStreams: 100,
      initialStreamWindowSize: 64 * 1024,
      initialConnectionWindowSize: 1024 * 1024,
      allowConnect: true,
    },
    upgradeConfigs: [{ upgradeType: "websocket" }],

    // How long it may take
    requestHeadersTimeout: duration(30 * SECOND),
    streamIdleTimeout: duration(300 * SECOND),

    // What an answer tells of us
    serverHeaderTransformation: HttpConnectionManager_ServerHeaderTransformation.PASS_THROUGH,
  });
}

/**
 * Backends are told whose certificate was verified, in x-forwarded-client-cert. What clients write there themselves is taken
 * away, and so it is where certificates are not required, since they may be false.
 */
function verifiedClient({ tls }: HttpChain): Init<typeof HttpConnectionManagerSchema> {
  if (tls?.clients?.required !== true) return {};
  return {
    forwardClientCertDetails: HttpConnectionManager_ForwardClientCertDetails.SANITIZE_SET,
    setCurrentClientCertDetails: { subject: true, uri: true, dns: true },
  };
}

/**
 * Present from the start and idle until a route configures them; tables say which they don't need (`idleFilters`). Those of `fix` are
 * the first, so that all that follow see the route that counts. A filter must never be `disabled` here and enabled by a route: the chain
 * of filters is made before `fix` has run.
 */
function httpFilters(): Init<typeof HttpFilterSchema>[] {
  return [
    ...fixFilters(),
    ...LISTENER_AUTH.map((name) => externalAuthFilter(name)),
    { name: CORS, configType: { case: "typedConfig", value: pack(CorsSchema, {}) } },
    externalAuthFilter(EXTERNAL_AUTH),
    sessionPersistenceFilter(),
    // Statistics by status and time of every answer of a backend would be counted, and looked up by name, for each request once
    // more: `requestMetrics` has both by rule.
    router({ suppressEnvoyHeaders: true, dynamicStats: false }),
  ];
}
