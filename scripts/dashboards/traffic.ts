import type { Dashboard, Panel } from "./dashboard.ts";

/** Of a share of requests, how long they took, in milliseconds. */
function duration(quantile: number, by: readonly string[], filter: string): string {
  return `histogram_quantile(${quantile}, sum by (${[...by, "le"].join(", ")}) (rate(envoy_route_duration_milliseconds_bucket{${filter}}[$__rate_interval])))`;
}

function rate(by: readonly string[], filter: string): string {
  return `sum by (${by.join(", ")}) (rate(envoy_route_requests_total{${filter}}[$__rate_interval]))`;
}

const ofGateway = 'gateway=~"$gateway"';
// Of proxies that several Gateways share, Envoy's own statistics have no label of a Gateway, and are those of All.
const ofListeners = `${ofGateway}, envoy_http_conn_manager_prefix!~"admin|scopes"`;
const ofBackends = `${ofGateway}, envoy_cluster_name!~"admin|xds"`;

function durations(by: readonly string[], filter: string, legend: string): Panel {
  return {
    title: "Duration",
    unit: "ms",
    queries: [0.5, 0.9, 0.99].map((quantile) => ({
      expr: duration(quantile, by, filter),
      legend: `${legend}${quantile * 100} %`,
    })),
  };
}

/** What goes through Gateways, and how the proxies are. */
export const traffic: Dashboard = {
  name: "gatewright-traffic",
  title: "Gatewright / Gateway traffic",
  variables: { gateway: "label_values(envoy_route_requests_total, gateway)" },
  rows: [
    {
      title: "Requests",
      panels: [
        {
          title: "By status",
          unit: "reqps",
          queries: [{ expr: rate(["gateway", "response_code"], ofGateway), legend: "{{gateway}} {{response_code}}" }],
        },
        {
          title: "Answered with 5xx",
          unit: "percentunit",
          queries: [
            {
              expr: `(${rate(["gateway"], `${ofGateway}, response_code=~"5.."`)} or 0 * ${rate(["gateway"], ofGateway)}) / ${rate(["gateway"], ofGateway)}`,
              legend: "{{gateway}}",
            },
          ],
        },
        durations(["gateway"], ofGateway, "{{gateway}} "),
        {
          title: "Without a rule (404)",
          unit: "reqps",
          queries: [
            { expr: rate(["gateway"], `${ofGateway}, rule="404"`), legend: "{{gateway}}", emptyWhenHealthy: true },
          ],
        },
      ],
    },
    {
      title: "Connections",
      panels: [
        {
          title: "Open",
          queries: [
            {
              expr: `sum by (gateway, envoy_http_conn_manager_prefix) (envoy_http_downstream_cx_active{${ofListeners}})`,
              legend: "{{gateway}} {{envoy_http_conn_manager_prefix}}",
            },
          ],
        },
        {
          title: "Requests under way",
          queries: [
            {
              expr: `sum by (gateway, envoy_http_conn_manager_prefix) (envoy_http_downstream_rq_active{${ofListeners}})`,
              legend: "{{gateway}} {{envoy_http_conn_manager_prefix}}",
            },
          ],
        },
        {
          title: "TLS handshakes that fail",
          unit: "ops",
          queries: [
            {
              expr: `sum by (gateway) (rate(envoy_listener_ssl_connection_error{${ofGateway}}[$__rate_interval]))`,
              legend: "{{gateway}}",
              emptyWhenHealthy: true,
            },
          ],
        },
      ],
    },
    {
      title: "Backends",
      panels: [
        {
          title: "Requests",
          unit: "reqps",
          queries: [
            {
              expr: `sum by (envoy_cluster_name) (rate(envoy_cluster_upstream_rq_total{${ofBackends}}[$__rate_interval]))`,
              legend: "{{envoy_cluster_name}}",
            },
          ],
        },
        {
          title: "Ready endpoints",
          queries: [
            {
              expr: `max by (envoy_cluster_name) (envoy_cluster_membership_healthy{${ofBackends}})`,
              legend: "{{envoy_cluster_name}}",
            },
          ],
        },
        {
          title: "Connections that fail",
          unit: "ops",
          queries: [
            {
              expr: `sum by (envoy_cluster_name) (rate(envoy_cluster_upstream_cx_connect_fail{${ofBackends}}[$__rate_interval]))`,
              legend: "{{envoy_cluster_name}}",
            },
          ],
        },
        {
          title: "Retries",
          unit: "ops",
          queries: [
            {
              expr: `sum by (envoy_cluster_name) (rate(envoy_cluster_upstream_rq_retry{${ofBackends}}[$__rate_interval]))`,
              legend: "{{envoy_cluster_name}}",
            },
          ],
        },
      ],
    },
    {
      title: "Proxies",
      panels: [
        {
          title: "Connected to the controller",
          queries: [{ expr: `envoy_control_plane_connected_state{${ofGateway}}`, legend: "{{gateway}} {{instance}}" }],
        },
        {
          title: "Memory",
          unit: "bytes",
          queries: [{ expr: `envoy_server_memory_allocated{${ofGateway}}`, legend: "{{gateway}} {{instance}}" }],
        },
        {
          title: "Up for",
          unit: "s",
          queries: [{ expr: `envoy_server_uptime{${ofGateway}}`, legend: "{{gateway}} {{instance}}" }],
        },
        {
          title: "Requests that are not counted by rule",
          unit: "reqps",
          queries: [
            {
              expr: `sum by (gateway) (rate(envoy_server_stats_overflow_counter{${ofGateway}}[$__rate_interval]))`,
              legend: "{{gateway}}",
            },
          ],
        },
      ],
    },
  ],
};

const ofRule = `${ofGateway}, rule=~"$rule"`;

/** One route, or some, rule by rule. */
export const routes: Dashboard = {
  name: "gatewright-routes",
  title: "Gatewright / Routes",
  variables: {
    gateway: "label_values(envoy_route_requests_total, gateway)",
    rule: 'label_values(envoy_route_requests_total{gateway=~"$gateway"}, rule)',
  },
  rows: [
    {
      title: "Rules",
      panels: [
        {
          title: "By status",
          unit: "reqps",
          queries: [{ expr: rate(["rule", "response_code"], ofRule), legend: "{{rule}} {{response_code}}" }],
        },
        {
          title: "Answered with 5xx",
          unit: "percentunit",
          queries: [
            {
              expr: `(${rate(["rule"], `${ofRule}, response_code=~"5.."`)} or 0 * ${rate(["rule"], ofRule)}) / ${rate(["rule"], ofRule)}`,
              legend: "{{rule}}",
            },
          ],
        },
        durations(["rule"], ofRule, "{{rule}} "),
        {
          title: "By backend",
          description: "As a canary's weights say, a rule's backends get their shares.",
          unit: "reqps",
          queries: [{ expr: rate(["rule", "backend"], ofRule), legend: "{{rule}} → {{backend}}" }],
        },
      ],
    },
    {
      title: "Busiest",
      panels: [
        {
          title: "Routes",
          type: "table",
          unit: "reqps",
          queries: [
            {
              expr: `topk(20, sum by (route) (label_replace(rate(envoy_route_requests_total{${ofRule}}[$__rate_interval]), "route", "$1", "rule", "(.+)/[^/]+")))`,
            },
          ],
        },
        {
          title: "Rules with most 5xx",
          type: "table",
          unit: "reqps",
          queries: [{ expr: `topk(20, ${rate(["rule"], `${ofRule}, response_code=~"5.."`)})`, emptyWhenHealthy: true }],
        },
      ],
    },
  ],
};

const ofCalls = `${ofRule}, grpc_status!=""`;
const failures = "Unknown|DeadlineExceeded|ResourceExhausted|Unimplemented|Internal|Unavailable|DataLoss";
const method = ["grpc_service", "grpc_method"];

/** gRPC by service and method, as far as GRPCRoutes name them. */
export const grpc: Dashboard = {
  name: "gatewright-grpc",
  title: "Gatewright / gRPC",
  variables: {
    gateway: "label_values(envoy_route_requests_total, gateway)",
    rule: 'label_values(envoy_route_requests_total{gateway=~"$gateway", grpc_status!=""}, rule)',
  },
  rows: [
    {
      title: "Calls",
      panels: [
        {
          title: "By method",
          unit: "reqps",
          queries: [{ expr: rate(method, ofCalls), legend: "{{grpc_service}}/{{grpc_method}}" }],
        },
        {
          title: "By status",
          unit: "reqps",
          queries: [
            {
              expr: rate([...method, "grpc_status"], ofCalls),
              legend: "{{grpc_service}}/{{grpc_method}} {{grpc_status}}",
            },
          ],
        },
        {
          title: "That fail",
          description: `What GatewrightGrpcErrors counts: ${failures.replaceAll("|", ", ")}.`,
          unit: "percentunit",
          queries: [
            {
              expr: `(${rate(method, `${ofRule}, grpc_status=~"${failures}"`)} or 0 * ${rate(method, ofCalls)}) / ${rate(method, ofCalls)}`,
              legend: "{{grpc_service}}/{{grpc_method}}",
            },
          ],
        },
        {
          ...durations(["rule"], `${ofGateway}, rule=~"GRPCRoute/.*", rule=~"$rule"`, "{{rule}} "),
          description: "A stream counts with its whole length.",
        },
      ],
    },
  ],
};
