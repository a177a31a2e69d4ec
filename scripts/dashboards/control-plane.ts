import type { Dashboard } from "./dashboard.ts";

const ofController = "* on (job, instance) group_left () gatewright_build_info";

/** Whether changes arrive, and what keeps them from it. */
export const controlPlane: Dashboard = {
  name: "gatewright-control-plane",
  title: "Gatewright / Control plane",
  variables: {},
  rows: [
    {
      title: "Now",
      panels: [
        {
          title: "Leaders",
          description: "1, whatever the number of replicas. Nothing on one machine, where nobody is elected.",
          type: "stat",
          queries: [{ expr: "sum(gatewright_leader)" }],
        },
        {
          title: "Proxies in sync",
          type: "stat",
          queries: [{ expr: 'sum(gatewright_connected_proxies{state="in_sync"})' }],
        },
        {
          title: "Proxies behind",
          type: "stat",
          queries: [{ expr: 'sum(gatewright_connected_proxies{state="behind"})' }],
        },
        {
          title: "Gateways not programmed",
          type: "stat",
          queries: [{ expr: "count(max by (gateway) (gatewright_gateway_programmed) == 0) or vector(0)" }],
        },
      ],
    },
    {
      title: "Changes",
      panels: [
        {
          title: "From event to acknowledgement, by kind of object",
          unit: "s",
          queries: [
            {
              expr: "histogram_quantile(0.5, sum by (kind, le) (rate(gatewright_event_to_ack_seconds_bucket[$__rate_interval])))",
              legend: "{{kind}} 50 %",
            },
            {
              expr: "histogram_quantile(0.99, sum by (kind, le) (rate(gatewright_event_to_ack_seconds_bucket[$__rate_interval])))",
              legend: "{{kind}} 99 %",
            },
          ],
        },
        {
          title: "Work of one change",
          unit: "s",
          queries: [
            {
              expr: "histogram_quantile(0.99, sum by (le) (rate(gatewright_transaction_seconds_bucket[$__rate_interval])))",
              legend: "99 %",
            },
          ],
        },
        {
          title: "Pushes",
          unit: "ops",
          queries: [
            { expr: "sum by (type) (rate(gatewright_xds_pushes_total[$__rate_interval]))", legend: "{{type}}" },
          ],
        },
        {
          title: "Bytes pushed",
          unit: "Bps",
          queries: [
            { expr: "sum by (type) (rate(gatewright_xds_push_bytes_total[$__rate_interval]))", legend: "{{type}}" },
          ],
        },
      ],
    },
    {
      title: "What is wrong",
      panels: [
        {
          title: "Refused by Envoy",
          queries: [
            {
              expr: "sum by (type) (increase(gatewright_xds_nacks_total[$__rate_interval]))",
              legend: "{{type}} NACKs",
              emptyWhenHealthy: true,
            },
            {
              expr: "max by (type) (gatewright_xds_rejected_resources)",
              legend: "{{type}} now",
              emptyWhenHealthy: true,
            },
            { expr: "max by (kind) (gatewright_rejected_objects)", legend: "{{kind}} objects", emptyWhenHealthy: true },
            { expr: "max(gatewright_refused_documents)", legend: "documents with an error" },
          ],
        },
        {
          title: "Backends without endpoints",
          type: "table",
          queries: [{ expr: "max by (backend) (gatewright_backend_without_endpoints)", emptyWhenHealthy: true }],
        },
        {
          title: "Certificates end in",
          type: "table",
          unit: "s",
          queries: [
            {
              expr: "sort(min by (secret) (gatewright_certificate_expiry_timestamp_seconds) - time())",
              emptyWhenHealthy: true,
            },
          ],
        },
        {
          title: "Longest behind",
          unit: "s",
          queries: [{ expr: "max by (instance) (gatewright_proxies_behind_seconds)", legend: "{{instance}}" }],
        },
      ],
    },
    {
      title: "API server",
      panels: [
        {
          title: "Yet to be written",
          queries: [
            {
              expr: "sum by (queue) (gatewright_queue_keys and on (job, instance) gatewright_leader == 1)",
              legend: "{{queue}}",
            },
          ],
        },
        {
          title: "Waiting for",
          unit: "s",
          queries: [
            {
              expr: "max by (queue) (gatewright_queue_oldest_seconds and on (job, instance) gatewright_leader == 1)",
              legend: "{{queue}}",
            },
          ],
        },
        {
          title: "Statuses written",
          unit: "ops",
          queries: [
            {
              expr: "sum by (kind, result) (rate(gatewright_status_writes_total[$__rate_interval]))",
              legend: "{{kind}} {{result}}",
            },
          ],
        },
        {
          title: "Requests",
          unit: "reqps",
          queries: [
            {
              expr: "sum by (verb, resource, code) (rate(gatewright_kubernetes_requests_total[$__rate_interval]))",
              legend: "{{verb}} {{resource}} {{code}}",
            },
          ],
        },
      ],
    },
    {
      title: "Controller",
      panels: [
        { title: "Objects", queries: [{ expr: "max by (kind) (gatewright_resources)", legend: "{{kind}}" }] },
        {
          title: "Processor",
          queries: [
            {
              expr: `rate(process_cpu_seconds_total[$__rate_interval]) ${ofController}`,
              legend: "{{instance}}",
            },
          ],
        },
        {
          title: "Memory",
          unit: "bytes",
          queries: [{ expr: `process_resident_memory_bytes ${ofController}`, legend: "{{instance}}" }],
        },
        {
          title: "Event loop delay (99 %)",
          unit: "s",
          queries: [{ expr: `nodejs_eventloop_lag_p99_seconds ${ofController}`, legend: "{{instance}}" }],
        },
      ],
    },
  ],
};
