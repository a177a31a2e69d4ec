/** Whether a command operator takes a parameter in brackets. */
type Parameter = "none" | "required" | "optional";

const withoutParameter = [
  "ACCESS_LOG_TYPE",
  "BYTES_RECEIVED",
  "BYTES_RETRANSMITTED",
  "BYTES_SENT",
  "CONNECTION_ID",
  "CONNECTION_TERMINATION_DETAILS",
  "CUSTOM_FLAGS",
  "DOWNSTREAM_DETECTED_CLOSE_TYPE",
  "DOWNSTREAM_DIRECT_LOCAL_ADDRESS",
  "DOWNSTREAM_DIRECT_LOCAL_ADDRESS_WITHOUT_PORT",
  "DOWNSTREAM_DIRECT_LOCAL_PORT",
  "DOWNSTREAM_DIRECT_REMOTE_ADDRESS",
  "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT",
  "DOWNSTREAM_DIRECT_REMOTE_PORT",
  "DOWNSTREAM_HANDSHAKE_DURATION",
  "DOWNSTREAM_HEADER_BYTES_RECEIVED",
  "DOWNSTREAM_HEADER_BYTES_SENT",
  "DOWNSTREAM_LOCAL_ADDRESS",
  "DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT",
  "DOWNSTREAM_LOCAL_CLOSE_REASON",
  "DOWNSTREAM_LOCAL_DNS_SAN",
  "DOWNSTREAM_LOCAL_EMAIL_SAN",
  "DOWNSTREAM_LOCAL_IP_SAN",
  "DOWNSTREAM_LOCAL_OTHERNAME_SAN",
  "DOWNSTREAM_LOCAL_PORT",
  "DOWNSTREAM_LOCAL_SUBJECT",
  "DOWNSTREAM_LOCAL_URI_SAN",
  "DOWNSTREAM_PEER_CERT",
  "DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_1",
  "DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_256",
  "DOWNSTREAM_PEER_CHAIN_SERIALS",
  "DOWNSTREAM_PEER_DNS_SAN",
  "DOWNSTREAM_PEER_EMAIL_SAN",
  "DOWNSTREAM_PEER_FINGERPRINT_1",
  "DOWNSTREAM_PEER_FINGERPRINT_256",
  "DOWNSTREAM_PEER_IP_SAN",
  "DOWNSTREAM_PEER_ISSUER",
  "DOWNSTREAM_PEER_OTHERNAME_SAN",
  "DOWNSTREAM_PEER_SERIAL",
  "DOWNSTREAM_PEER_SUBJECT",
  "DOWNSTREAM_PEER_URI_SAN",
  "DOWNSTREAM_REMOTE_ADDRESS",
  "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT",
  "DOWNSTREAM_REMOTE_PORT",
  "DOWNSTREAM_TLS_CIPHER",
  "DOWNSTREAM_TLS_SESSION_ID",
  "DOWNSTREAM_TLS_VERSION",
  "DOWNSTREAM_TRANSPORT_FAILURE_REASON",
  "DOWNSTREAM_WIRE_BYTES_RECEIVED",
  "DOWNSTREAM_WIRE_BYTES_SENT",
  "DURATION",
  "GRPC_STATUS_NUMBER",
  "HOSTNAME",
  "PROTOCOL",
  "REQUESTED_SERVER_NAME",
  "REQUEST_DURATION",
  "REQUEST_HEADERS_BYTES",
  "REQUEST_TX_DURATION",
  "RESPONSE_CODE",
  "RESPONSE_DURATION",
  "RESPONSE_FLAGS",
  "RESPONSE_FLAGS_LONG",
  "RESPONSE_HEADERS_BYTES",
  "RESPONSE_TRAILERS_BYTES",
  "RESPONSE_TX_DURATION",
  "ROUNDTRIP_DURATION",
  "ROUTE_NAME",
  "STREAM_ID",
  "TLS_JA3_FINGERPRINT",
  "TLS_JA4_FINGERPRINT",
  "TRACE_ID",
  "UNIQUE_ID",
  "UPSTREAM_CLUSTER",
  "UPSTREAM_CLUSTER_RAW",
  "UPSTREAM_CONNECTION_ID",
  "UPSTREAM_CONNECTION_POOL_READY_DURATION",
  "UPSTREAM_DETECTED_CLOSE_TYPE",
  "UPSTREAM_HEADER_BYTES_RECEIVED",
  "UPSTREAM_HEADER_BYTES_SENT",
  "UPSTREAM_HOST",
  "UPSTREAM_HOSTS_ATTEMPTED",
  "UPSTREAM_HOST_NAME",
  "UPSTREAM_HOST_NAME_WITHOUT_PORT",
  "UPSTREAM_LOCAL_ADDRESS",
  "UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT",
  "UPSTREAM_LOCAL_CLOSE_REASON",
  "UPSTREAM_LOCAL_PORT",
  "UPSTREAM_PEER_CERT",
  "UPSTREAM_PEER_ISSUER",
  "UPSTREAM_PEER_SUBJECT",
  "UPSTREAM_PEER_URI_SAN",
  "UPSTREAM_PROTOCOL",
  "UPSTREAM_REMOTE_ADDRESS",
  "UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT",
  "UPSTREAM_REMOTE_PORT",
  "UPSTREAM_REQUEST_ATTEMPT_COUNT",
  "UPSTREAM_TLS_CIPHER",
  "UPSTREAM_TLS_SESSION_ID",
  "UPSTREAM_TLS_VERSION",
  "UPSTREAM_TRANSPORT_FAILURE_REASON",
  "UPSTREAM_WIRE_BYTES_RECEIVED",
  "UPSTREAM_WIRE_BYTES_SENT",
  "VIRTUAL_CLUSTER_NAME",
];

const withParameter = ["REQ", "RESP", "TRAILER"];

const withOrWithoutParameter = ["GRPC_STATUS", "PATH", "QUERY_PARAMS", "RESPONSE_CODE_DETAILS", "START_TIME"];

/**
 * Envoy's command operators that a log may have, and whether each takes a parameter. Those that read what other filters or the
 * environment hold are left out: they would tell of Gatewright's inside, or of the pod's.
 */
export const logOperators: ReadonlyMap<string, Parameter> = new Map<string, Parameter>([
  ...withoutParameter.map((name) => [name, "none"] as const),
  ...withParameter.map((name) => [name, "required"] as const),
  ...withOrWithoutParameter.map((name) => [name, "optional"] as const),
]);

const operator = /%(?:%|([A-Z0-9_]+)(?:\((.*?)\))?(?::([0-9]+))?%)/y;

/**
 * What is wrong with a line of an access log in Envoy's format, in words; undefined if nothing is. Envoy refuses a whole listener
 * over a format that it can't read.
 *
 * @example logFormatProblem("%START_TIME% %REQ(:METHOD)%")  // undefined
 * @example logFormatProblem("%METHOD%")  // "%METHOD% is not a command operator …"
 */
export function logFormatProblem(format: string): string | undefined {
  let at = format.indexOf("%");
  while (at !== -1) {
    operator.lastIndex = at;
    const found = operator.exec(format);
    if (found === null) {
      return `"${format.slice(at, at + 20)}" begins no command operator, such as %RESPONSE_CODE% or %REQ(:METHOD)%. Write %% for a percent sign.`;
    }
    const [text, name, parameter] = found;
    const problem = name === undefined ? undefined : operatorProblem(text, name, parameter);
    if (problem !== undefined) return problem;
    at = format.indexOf("%", operator.lastIndex);
  }
  return undefined;
}

function operatorProblem(text: string, name: string, parameter: string | undefined): string | undefined {
  const takes = logOperators.get(name);
  if (takes === undefined) return `${text} is not a command operator that an access log can have.`;
  if (takes === "none" && parameter !== undefined) return `${text}: ${name} takes no parameter. Write %${name}%.`;
  if (takes === "required" && (parameter ?? "") === "") return `${text} names no header. Write %${name}(NAME)%.`;
  if (
    takes === "required" &&
    !/^:?[!#$%&'*+.^_`|~0-9A-Za-z-]+(\?:?[!#$%&'*+.^_`|~0-9A-Za-z-]+)?$/.test(parameter ?? "")
  ) {
    return `${text}: ${parameter} is no name of a header. Write one, or two as in %REQ(X-FIRST?X-SECOND)%.`;
  }
  return undefined;
}
