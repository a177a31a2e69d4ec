import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { resolveEnvoy } from "../../../src/fleet/resolve-envoy.ts";
import { start } from "../../harness/program.ts";
import { type Contender, folderOf, freePorts, type Ports, portOf } from "./contender.ts";
import { allRoutes, oneHost, type Scenario } from "./scenario.ts";

/**
 * The Envoy that Gatewright runs, with a configuration by hand: what Envoy's guide for edge proxies recommends, the router, static
 * routes with a virtual host to a host, and nothing else. It counts what Envoy counts by default: nothing by route.
 */
export const plainEnvoy: Contender = contender("Envoy by hand", "envoy", false);

/**
 * The same, which counts requests and their durations by route, and gRPC's calls by status, as Gatewright does: with what Envoy has for
 * that, a route's `stat_prefix` and a filter.
 */
export const countingEnvoy: Contender = contender("Envoy by hand, counting by route", "envoy-counting", true);

/** The same once more: how far it seems to be from {@link countingEnvoy} is how far off any figure may be. */
export const countingEnvoyAgain: Contender = contender("The same again", "envoy-counting-again", true);

function contender(name: string, id: string, countsByRoute: boolean): Contender {
  return {
    name,
    id,
    version: async () => (await resolveEnvoy()).version,
    start: async (scenario) => {
      const free = await freePorts();
      const ports = { ...free, http2: free.http };
      const folder = await folderOf(scenario, id);
      const file = join(folder, "envoy.yaml");
      await writeFile(file, handWrittenBootstrap(scenario, ports, folder, countsByRoute));
      const { path } = await resolveEnvoy();
      const options = ["--concurrency", "1", "--log-level", "warning", "--disable-hot-restart"];
      const program = start(path, ["--config-path", file, ...options]);
      return {
        pids: () => Promise.resolve([program.pid]),
        port: (protocol) => portOf(ports, protocol),
        alive: program.alive,
        stop: program.stop,
      };
    },
  };
}

/** @see plainEnvoy */
export function handWrittenBootstrap(scenario: Scenario, ports: Ports, folder: string, countsByRoute: boolean): string {
  const { backend, certificate } = scenario;
  return `admin:
  address: {pipe: {path: ${join(folder, "admin.sock")}}}
static_resources:
  listeners:
${listener("http", ports.http, scenario, countsByRoute)}
${listener("https", ports.https, scenario, countsByRoute)}
      transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
          common_tls_context:
            alpn_protocols: [h2, http/1.1]
            tls_certificates:
            - certificate_chain: {filename: ${certificate.certificate}}
              private_key: {filename: ${certificate.key}}
${scenario.layout === "hosts" ? listener("grpc", ports.grpc, scenario, countsByRoute) : ""}
  clusters:
${cluster("http", backend.http, "http_protocol_options: {}")}
${cluster("grpc", backend.grpc, "http2_protocol_options: {initial_stream_window_size: 65536, initial_connection_window_size: 1048576}")}
`;
}

const grpcStats = `
          - name: envoy.filters.http.grpc_stats
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.grpc_stats.v3.FilterConfig
              stats_for_all_methods: false`;

/** Up to its filter chain, so that a transport socket can follow. */
function listener(name: string, port: number, scenario: Scenario, countsByRoute: boolean): string {
  const to = name === "grpc" ? "grpc" : "http";
  return `  - name: ${name}
    address: {socket_address: {address: 127.0.0.1, port_value: ${port}}}
    per_connection_buffer_limit_bytes: 32768
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: ${name}
          use_remote_address: true
          normalize_path: true
          merge_slashes: true
          path_with_escaped_slashes_action: UNESCAPE_AND_REDIRECT
          common_http_protocol_options: {idle_timeout: 900s, headers_with_underscores_action: DROP_HEADER}
          http2_protocol_options:
            max_concurrent_streams: 100
            initial_stream_window_size: 65536
            initial_connection_window_size: 1048576
          request_headers_timeout: 30s
          stream_idle_timeout: 300s
          http_filters:${countsByRoute && name === "grpc" ? grpcStats : ""}
          - name: envoy.filters.http.router
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
          route_config:
            name: ${name}
            virtual_hosts:
${virtualHosts(scenario, to, countsByRoute)}`;
}

function virtualHosts(scenario: Scenario, to: string, countsByRoute: boolean): string {
  const route = (match: string, index: number) =>
    `{match: {${match}}, route: {cluster: ${to}, timeout: 0s}${countsByRoute ? `, stat_prefix: route-${index}` : ""}}`;
  const routes = allRoutes(scenario);
  if (scenario.layout === "hosts") {
    return routes
      .map(
        ({ hostname }, index) =>
          `            - {name: ${hostname}, domains: [${hostname}], routes: [${route("prefix: /", index)}]}`,
      )
      .join("\n");
  }
  return `            - name: one
              domains: [${oneHost}]
              routes:
${routes.map(({ path }, index) => `              - ${route(`path_separated_prefix: ${path}`, index)}`).join("\n")}`;
}

function cluster(name: string, port: number, protocol: string): string {
  return `  - name: ${name}
    type: STATIC
    connect_timeout: 5s
    per_connection_buffer_limit_bytes: 32768
    lb_policy: LEAST_REQUEST
    load_assignment:
      cluster_name: ${name}
      endpoints:
      - lb_endpoints: [{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: ${port}}}}}]
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: {${protocol}}`;
}
