import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Collection, Input } from "../../collections/collection.ts";
import { Graph } from "../../collections/graph.ts";
import { bootstrap } from "../../envoy/bootstrap.ts";
import { defaultOptions } from "../../envoy/options.ts";
import type { EnvoyResource } from "../../envoy/resource.ts";
import { translate } from "../../envoy/translate.ts";
import { EnvoyProcess } from "../../fleet/envoy-process.ts";
import { silent } from "../../fleet/logger.ts";
import { resolveEnvoy } from "../../fleet/resolve-envoy.ts";
import type { TlsCertificate } from "../../ir/certificate.ts";
import type { Cluster, EndpointSet } from "../../ir/cluster.ts";
import { type HostTable, hostTableKey } from "../../ir/host-table.ts";
import type { Listener } from "../../ir/listener.ts";
import type { TrustBundle } from "../../ir/trust-bundle.ts";
import type { DeliveryOptions } from "../delivery.ts";
import { XdsServer } from "../server.ts";

/** The meaning, as inputs that a test writes. Everything belongs to the proxy "test". */
export class World {
  readonly #graph = new Graph();
  readonly #listeners: Input<Listener> = this.#graph.input("listeners");
  readonly #hostTables: Input<HostTable> = this.#graph.input("hostTables");
  readonly #clusters: Input<Cluster> = this.#graph.input("clusters");
  readonly #endpoints: Input<EndpointSet> = this.#graph.input("endpoints");
  readonly #certificates: Input<TlsCertificate> = this.#graph.input("certificates");
  readonly #trustBundles: Input<TrustBundle> = this.#graph.input("trustBundles");
  readonly resources: Collection<EnvoyResource> = translate(
    this.#graph,
    {
      listeners: this.#listeners,
      hostTables: this.#hostTables,
      clusters: this.#clusters,
      endpoints: this.#endpoints,
      certificates: this.#certificates,
      trustBundles: this.#trustBundles,
    },
    defaultOptions,
  );

  set(change: Changed): void {
    this.#graph.transaction(() => {
      for (const listener of change.listeners ?? []) this.#listeners.set(listener.name, listener);
      for (const table of change.tables ?? []) this.#hostTables.set(hostTableKey(table), table);
      for (const [cluster, set] of change.backends ?? []) {
        this.#clusters.set(cluster.name, cluster);
        this.#endpoints.set(set.name, set);
      }
      for (const certificate of change.certificates ?? []) this.#certificates.set(certificate.name, certificate);
      for (const bundle of change.trustBundles ?? []) this.#trustBundles.set(bundle.name, bundle);
      for (const listener of change.removedListeners ?? []) this.#listeners.delete(listener);
      for (const table of change.removedTables ?? []) this.#hostTables.delete(hostTableKey(table));
      for (const backend of change.removedBackends ?? []) {
        this.#clusters.delete(backend);
        this.#endpoints.delete(backend);
      }
    });
  }
}

/** One transaction. */
export interface Changed {
  readonly listeners?: readonly Listener[];
  readonly tables?: readonly HostTable[];
  readonly backends?: readonly (readonly [Cluster, EndpointSet])[];
  readonly certificates?: readonly TlsCertificate[];
  readonly trustBundles?: readonly TrustBundle[];
  readonly removedListeners?: readonly string[];
  readonly removedTables?: readonly Pick<HostTable, "proxy" | "chain" | "hostname">[];
  readonly removedBackends?: readonly string[];
}

/** A real Envoy that gets its configuration from a real server, over a Unix socket. */
export interface ServedEnvoy {
  readonly server: XdsServer;
  readonly envoy: EnvoyProcess;
  /** The port that a listener has got. */
  port(listener: string): Promise<number>;
  /** A new server in place of the present one, on the same socket and resources. */
  restartServer(options?: Omit<DeliveryOptions, "resources">): Promise<XdsServer>;
  stop(): Promise<void>;
}

export async function serve(
  world: World,
  options: Omit<DeliveryOptions, "resources"> = {},
  envoyArguments: readonly string[] = [],
): Promise<ServedEnvoy> {
  const directory = await mkdtemp(join(tmpdir(), "xds-"));
  const path = join(directory, "xds.sock");
  const start = async (more: Omit<DeliveryOptions, "resources">): Promise<XdsServer> => {
    const server = new XdsServer({ knows: () => true, ...more, resources: world.resources });
    await server.listen({ path });
    return server;
  };
  let server = await start(options);
  const json = JSON.stringify(
    bootstrap({ proxy: "test", node: "test-1", xds: { path }, adminSocket: join(directory, "replaced") }),
  );
  const { path: binary } = await resolveEnvoy();
  const envoy = await EnvoyProcess.start({
    envoy: binary,
    bootstrap: { json },
    logger: silent,
    concurrency: 1,
    stdout: "ignore",
    drain: { drainMs: 0 },
    extraArguments: envoyArguments,
  });
  const state = await envoy.when(({ state: now }) => now !== "starting");
  if (state.state !== "live") throw new Error(`Envoy did not start: ${JSON.stringify(state)}`);
  return {
    get server() {
      return server;
    },
    envoy,
    port: async (listener) => {
      const { body } = await envoy.admin.get("/listeners");
      const line = body.split("\n").find((one) => one.startsWith(`${listener}::`));
      if (line === undefined) throw new Error(`there is no listener ${listener}`);
      return Number(line.slice(line.lastIndexOf(":") + 1));
    },
    restartServer: async (more = options) => {
      server.close();
      server = await start(more);
      return server;
    },
    stop: async () => {
      await envoy.kill();
      server.close();
      await rm(directory, { recursive: true });
    },
  };
}
