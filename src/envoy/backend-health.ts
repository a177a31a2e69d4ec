import type { BackendHealth, Cluster, HealthCheck, OutlierDetection } from "../ir/cluster.ts";
import type { ClusterSchema } from "./generated/envoy/config/cluster/v3/cluster_pb.ts";
import type { OutlierDetectionSchema } from "./generated/envoy/config/cluster/v3/outlier_detection_pb.ts";
import type { HealthCheckSchema } from "./generated/envoy/config/core/v3/health_check_pb.ts";
import { CodecClientType } from "./generated/envoy/type/v3/http_pb.ts";
import { duration, type Init } from "./message.ts";

/** Which endpoints of a cluster get requests. */
export function backendHealth(
  { outlierDetection, healthCheck }: BackendHealth,
  protocol: Cluster["protocol"],
): Init<typeof ClusterSchema> {
  return {
    ...(outlierDetection && { outlierDetection: outliers(outlierDetection) }),
    ...(healthCheck && { healthChecks: [check(healthCheck, protocol)] }),
  };
}

function outliers(detection: OutlierDetection): Init<typeof OutlierDetectionSchema> {
  const { consecutive5xxErrors, consecutiveGatewayErrors } = detection;
  return {
    interval: duration(detection.intervalMilliseconds),
    baseEjectionTime: duration(detection.baseEjectionMilliseconds),
    maxEjectionTime: duration(detection.maxEjectionMilliseconds),
    maxEjectionPercent: detection.maxEjectionPercent,
    ...(consecutive5xxErrors > 0 && { consecutive5xx: consecutive5xxErrors }),
    enforcingConsecutive5xx: consecutive5xxErrors > 0 ? 100 : 0,
    ...(consecutiveGatewayErrors > 0 && { consecutiveGatewayFailure: consecutiveGatewayErrors }),
    enforcingConsecutiveGatewayFailure: consecutiveGatewayErrors > 0 ? 100 : 0,
    // On by default, and asked for by nobody.
    enforcingSuccessRate: 0,
    // Were local failures counted apart, each connection that succeeds would forget the requests that time out on it.
    splitExternalLocalOriginErrors: false,
    // An endpoint that passes its check and fails at requests would be back at once.
    successfulActiveHealthCheckUnejectHost: false,
  };
}

function check(health: HealthCheck, protocol: Cluster["protocol"]): Init<typeof HealthCheckSchema> {
  const interval = duration(health.intervalMilliseconds);
  return {
    interval,
    // Envoy would ask once a minute where there was no request yet, which then may be the first to learn.
    noTrafficInterval: interval,
    timeout: duration(health.timeoutMilliseconds),
    unhealthyThreshold: health.unhealthyThreshold,
    healthyThreshold: health.healthyThreshold,
    healthChecker: {
      case: "httpHealthCheck",
      value: {
        path: health.path,
        host: health.hostname,
        expectedStatuses: health.expectedStatuses.map((status) => ({ start: BigInt(status), end: BigInt(status + 1) })),
        // Of any other status Envoy would not wait for the threshold. What is expected goes before this.
        retriableStatuses: [{ start: 100n, end: 600n }],
        codecClientType: protocol === "HTTP/2" ? CodecClientType.HTTP2 : CodecClientType.HTTP1,
      },
    },
  };
}
