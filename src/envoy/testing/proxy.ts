import { Graph } from "../../collections/graph.ts";
import { EnvoyProcess } from "../../fleet/envoy-process.ts";
import { silent } from "../../fleet/logger.ts";
import { resolveEnvoy } from "../../fleet/resolve-envoy.ts";
import type { TlsCertificate } from "../../ir/certificate.ts";
import type { Cluster, EndpointSet } from "../../ir/cluster.ts";
import { type HostTable, hostTableKey } from "../../ir/host-table.ts";
import type { Listener } from "../../ir/listener.ts";
import type { TrustBundle } from "../../ir/trust-bundle.ts";
import { defaultOptions, type Options } from "../options.ts";
import type { EnvoyResource } from "../resource.ts";
import { translate } from "../translate.ts";
import { validationBootstrap } from "../validation-bootstrap.ts";

/** A whole meaning, as plain lists. */
export interface Parts {
  readonly listeners?: readonly Listener[];
  readonly tables?: readonly HostTable[];
  readonly backends?: readonly (readonly [Cluster, EndpointSet])[];
  readonly certificates?: readonly TlsCertificate[];
  readonly trustBundles?: readonly TrustBundle[];
}

/** What a meaning becomes, through the same translation that serves. */
export function resourcesOf(parts: Parts, options: Options = defaultOptions): readonly EnvoyResource[] {
  const graph = new Graph();
  const listeners = graph.input<Listener>("listeners");
  const hostTables = graph.input<HostTable>("hostTables");
  const clusters = graph.input<Cluster>("clusters");
  const endpoints = graph.input<EndpointSet>("endpoints");
  const certificates = graph.input<TlsCertificate>("certificates");
  const trustBundles = graph.input<TrustBundle>("trustBundles");
  const meaning = { listeners, hostTables, clusters, endpoints, certificates, trustBundles };
  const resources = translate(graph, meaning, options);
  graph.transaction(() => {
    for (const listener of parts.listeners ?? []) listeners.set(listener.name, listener);
    for (const table of parts.tables ?? []) hostTables.set(hostTableKey(table), table);
    for (const [cluster, set] of parts.backends ?? []) {
      clusters.set(cluster.name, cluster);
      endpoints.set(set.name, set);
    }
    for (const certificate of parts.certificates ?? []) certificates.set(certificate.name, certificate);
    for (const bundle of parts.trustBundles ?? []) trustBundles.set(bundle.name, bundle);
  });
  return [...resources.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, resource]) => resource);
}

/** A real Envoy that serves a meaning without a control plane. */
export interface TestProxy {
  /** The port that a listener has got. */
  port(listener: string): number;
  stats(filter: string): Promise<ReadonlyMap<string, number>>;
  stop(): Promise<void>;
}

/** @throws Error with Envoy's own words when it does not accept the configuration */
export async function startProxy(parts: Parts, options: Partial<Options> = {}): Promise<TestProxy> {
  const { path } = await resolveEnvoy();
  const json = JSON.stringify(
    validationBootstrap(resourcesOf(parts, { ...defaultOptions, ...options }), { adminSocket: "/replaced" }),
  );
  const envoy = await EnvoyProcess.start({
    envoy: path,
    bootstrap: { json },
    logger: silent,
    concurrency: 1,
    stdout: "ignore",
    drain: { drainMs: 0 },
  });
  const state = await envoy.when(({ state: now }) => now !== "starting");
  if (state.state !== "live") {
    await envoy.kill();
    throw new Error(`Envoy did not start: ${JSON.stringify(state)}`);
  }
  const ports = parseListeners((await envoy.admin.get("/listeners")).body);
  return {
    port(listener) {
      const port = ports.get(listener);
      if (port === undefined) throw new Error(`there is no listener ${listener}`);
      return port;
    },
    stats: (filter) => envoy.admin.stats(filter),
    stop: () => envoy.kill(),
  };
}

/** Lines of `name::address:port`. */
function parseListeners(text: string): ReadonlyMap<string, number> {
  return new Map(
    text.split("\n").flatMap((line) => {
      const [name, address] = line.split("::", 2);
      const port = line.slice(line.lastIndexOf(":") + 1);
      return name === undefined || address === undefined ? [] : [[name, Number(port)] as const];
    }),
  );
}
