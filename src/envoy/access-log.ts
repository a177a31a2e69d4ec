import type { AccessLog } from "../ir/access-log.ts";
import type { FilterChain } from "../ir/listener.ts";
import type { AccessLogSchema } from "./generated/envoy/config/accesslog/v3/accesslog_pb.ts";
import type { SubstitutionFormatStringSchema } from "./generated/envoy/config/core/v3/substitution_format_string_pb.ts";
import {
  StderrAccessLogSchema,
  StdoutAccessLogSchema,
} from "./generated/envoy/extensions/access_loggers/stream/v3/stream_pb.ts";
import { literal } from "./headers.ts";
import { type Init, pack } from "./message.ts";
import { METADATA } from "./request-metrics.ts";

/**
 * The access logs of a chain. Its process's own standard output is written to as such, not opened by name, which a container's
 * user may not be able to do.
 *
 * @param listener name of the socket
 */
export function accessLogs(chain: FilterChain, listener: string): Init<typeof AccessLogSchema>[] {
  return (chain.accessLogs ?? []).map((log) => {
    const accessLogFormat = { case: "logFormat" as const, value: format(log, chain, listener) };
    return log.to === "Stdout"
      ? {
          name: "envoy.access_loggers.stdout",
          configType: { case: "typedConfig", value: pack(StdoutAccessLogSchema, { accessLogFormat }) },
        }
      : {
          name: "envoy.access_loggers.stderr",
          configType: { case: "typedConfig", value: pack(StderrAccessLogSchema, { accessLogFormat }) },
        };
  });
}

function format(log: AccessLog, chain: FilterChain, listener: string): Init<typeof SubstitutionFormatStringSchema> {
  switch (log.format.kind) {
    case "text":
      return {
        format: {
          case: "textFormatSource",
          value: { specifier: { case: "inlineString", value: `${log.format.line}\n` } },
        },
      };
    case "json":
      return { format: { case: "jsonFormat", value: { ...log.format.fields } } };
    case "default": {
      const origin = { gateway: gatewayOf(chain), listener: literal(listener) };
      const rest = chain.kind === "http" ? ofRequests : ofConnections;
      return { format: { case: "jsonFormat", value: { start_time: "%START_TIME%", ...origin, ...rest } } };
    }
  }
}

function gatewayOf(chain: FilterChain): string {
  if (chain.gateway !== undefined) return literal(chain.gateway);
  return chain.kind === "http" ? `%METADATA(ROUTE:${METADATA}:gateway)%` : "-";
}

const common = {
  backend: "%UPSTREAM_CLUSTER%",
  upstream_host: "%UPSTREAM_HOST%",
  upstream_transport_failure_reason: "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
  client: "%DOWNSTREAM_REMOTE_ADDRESS%",
  server_name: "%REQUESTED_SERVER_NAME%",
  bytes_received: "%BYTES_RECEIVED%",
  bytes_sent: "%BYTES_SENT%",
  duration: "%DURATION%",
  response_flags: "%RESPONSE_FLAGS%",
};

/** What tells a request from others, who answered it by which rule, and why. Durations are milliseconds. */
const ofRequests = {
  // Kind, namespace and name of the route, and the index of its rule.
  rule: "%ROUTE_NAME%",
  method: "%REQ(:METHOD)%",
  scheme: "%REQ(:SCHEME)%",
  authority: "%REQ(:AUTHORITY)%",
  path: "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
  protocol: "%PROTOCOL%",
  response_code: "%RESPONSE_CODE%",
  response_code_details: "%RESPONSE_CODE_DETAILS%",
  grpc_status: "%GRPC_STATUS%",
  ...common,
  response_duration: "%RESPONSE_DURATION%",
  upstream_attempts: "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
  x_forwarded_for: "%REQ(X-FORWARDED-FOR)%",
  user_agent: "%REQ(USER-AGENT)%",
  request_id: "%REQ(X-REQUEST-ID)%",
  trace_id: "%TRACE_ID%",
};

const ofConnections = { ...common, connection_termination_details: "%CONNECTION_TERMINATION_DETAILS%" };
