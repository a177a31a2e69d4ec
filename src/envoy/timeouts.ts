import type { ForwardAction, RequestMatch } from "../ir/rule.ts";
import type { RouteActionSchema } from "./generated/envoy/config/route/v3/route_components_pb.ts";
import { duration, type Init } from "./message.ts";

/** HCM's own; a route whose exchanges may be silent for longer says so. */
export const STREAM_IDLE_MILLISECONDS = 300_000;

const HOUR = 3_600_000;

/**
 * How long an exchange may take, and how long it may be silent.
 *
 * Gateway API specifies no default, so there is none (Envoy's own is 15 s). Without retries there is one try, and the limit of
 * a try limits the exchange; with retries {@link retryPolicy} carries it.
 */
export function timeouts(action: ForwardAction, match: RequestMatch): Init<typeof RouteActionSchema> {
  const request = action.timeouts?.requestMilliseconds;
  const attempt = action.retry === undefined ? action.timeouts?.backendRequestMilliseconds : undefined;
  const limit = Math.min(
    ...[request, attempt].filter((milliseconds) => milliseconds !== undefined && milliseconds > 0).map(Number),
  );
  const idle = idleMilliseconds(action, match);
  return {
    timeout: duration(Number.isFinite(limit) ? limit : 0),
    ...(idle !== undefined && { idleTimeout: duration(idle) }),
    // A gRPC client that gives up after a deadline of its own is not waited for.
    ...(match.grpc === true && { maxStreamDuration: { grpcTimeoutHeaderMax: duration(0) } }),
  };
}

/** A request that is allowed to take long, or for ever, may be silent for as long. gRPC streams are silent for an hour at most. */
function idleMilliseconds(action: ForwardAction, match: RequestMatch): number | undefined {
  const request = action.timeouts?.requestMilliseconds;
  if (request === 0) return 0;
  if (request !== undefined && request > STREAM_IDLE_MILLISECONDS) return request;
  return match.grpc === true ? HOUR : undefined;
}
