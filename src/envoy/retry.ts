import type { Retry, Timeouts } from "../ir/rule.ts";
import type { RetryPolicySchema } from "./generated/envoy/config/route/v3/route_components_pb.ts";
import { PreviousHostsPredicateSchema } from "./generated/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.ts";
import { duration, type Init, pack } from "./message.ts";

/**
 * Gateway API, HTTPRouteRetry: retried are the codes it names and connections that fail, break or time out. Another endpoint
 * is tried where there is one. Nothing is retried where nobody asked for it.
 */
export function retryPolicy(retry: Retry, timeouts: Timeouts | undefined): Init<typeof RetryPolicySchema> {
  const perTry = timeouts?.backendRequestMilliseconds ?? 0;
  const backoff = retry.backoffMilliseconds;
  return {
    retryOn: [
      "connect-failure",
      "refused-stream",
      "reset",
      ...(retry.codes.length > 0 ? ["retriable-status-codes"] : []),
    ].join(),
    retriableStatusCodes: [...new Set(retry.codes)].sort((a, b) => a - b),
    numRetries: retry.attempts,
    ...(perTry > 0 && { perTryTimeout: duration(perTry) }),
    ...(backoff !== undefined &&
      backoff > 0 && {
        retryBackOff: { baseInterval: duration(backoff), maxInterval: duration(backoff * 10) },
      }),
    retryHostPredicate: [
      {
        name: "envoy.retry_host_predicates.previous_hosts",
        configType: { case: "typedConfig", value: pack(PreviousHostsPredicateSchema, {}) },
      },
    ],
    hostSelectionRetryMaxAttempts: 5n,
  };
}
