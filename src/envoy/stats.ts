import type { StatsConfigSchema } from "./generated/envoy/config/metrics/v3/stats_pb.ts";
import type { Init } from "./message.ts";
import { REQUEST_METRICS } from "./request-metrics.ts";

/**
 * The statistics that dashboards, alerts, `doctor` and the drain read; Envoy makes no others. With all of them, a few
 * thousand backends would be a million time series.
 */
const INCLUDED: readonly string[] = [
  "server\\..*",
  "listener_manager\\..*",
  "cluster_manager\\..*",
  "control_plane\\..*",
  "overload\\..*",
  "listener\\..*\\.(downstream_(cx_(active|total|destroy|overflow|overload_reject)|listener_filter_.*)|no_filter_chain_match|ssl\\.(handshake|connection_error|fail_.*))",
  "http\\..*\\.(downstream_(cx_(active|total|destroy|protocol_error|idle_timeout|http1_active|http2_active|http3_active|upgrades_active)|rq_(active|total|[1-5]xx|time|timeout|idle_timeout|header_timeout|rx_reset|overload_close|rejected_via_ip_detection|failed_path_normalization|http[123]_total))|dropped_headers_with_underscores|no_route|no_cluster|rq_total|lua\\..*errors|scoped_rds\\..*\\.update_(success|rejected))",
  "tcp\\..*\\.(downstream_cx_(total|no_route|rx_bytes_total|tx_bytes_total)|idle_timeout|max_downstream_connection_duration)",
  "udp\\..*\\.downstream_sess_(active|total|no_route|rx_datagrams|tx_datagrams|rx_bytes|tx_bytes)",
  "cluster\\..*\\.(membership_(healthy|total)|upstream_cx_(active|total|connect_fail|connect_timeout|destroy_remote_with_active_rq|rx_bytes_total|tx_bytes_total)|upstream_rq_(active|total|timeout|per_try_timeout|retry|retry_success|retry_overflow|pending_active|pending_overflow|pending_failure_eject|rx_reset|tx_reset)|upstream_cx_none_healthy|lb_healthy_panic|ssl\\.(connection_error|fail_.*)|outlier_detection\\.ejections_(active|enforced_total)|health_check\\.(attempt|failure))",
  "sds\\..*\\.update_(success|rejected)",
  `${REQUEST_METRICS}\\..*`,
];

/** In milliseconds. Each is a line of every histogram. */
const BUCKETS: readonly number[] = [1, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 60_000];

/**
 * @param gateway becomes the tag `gateway` of everything that the process counts
 * @see INCLUDED
 */
export function statsConfig(gateway: string | undefined): Init<typeof StatsConfigSchema> {
  return {
    statsTags: gateway === undefined ? [] : [{ tagName: "gateway", tagValue: { case: "fixedValue", value: gateway } }],
    histogramBucketSettings: [
      { match: { matchPattern: { case: "safeRegex", value: { regex: ".*" } } }, buckets: [...BUCKETS] },
    ],
    statsMatcher: {
      statsMatcher: {
        case: "inclusionList",
        value: {
          patterns: INCLUDED.map((regex) => ({ matchPattern: { case: "safeRegex" as const, value: { regex } } })),
        },
      },
    },
  };
}
