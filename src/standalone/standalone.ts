import { join } from "node:path";
import { ControlPlane } from "../control-plane/control-plane.ts";
import { bootstrap } from "../envoy/bootstrap.ts";
import type { EnvoyLogLevel } from "../fleet/envoy-log.ts";
import { EnvoyProcess as Envoy, type EnvoyProcess } from "../fleet/envoy-process.ts";
import type { Logger } from "../fleet/logger.ts";
import { makeRuntimeDirectory } from "../fleet/runtime-directory.ts";
import { startWatchdog } from "../fleet/watchdog.ts";
import { onThisMachine } from "../gateway/placement.ts";
import type { XdsObserver } from "../xds/observer.ts";
import { XdsServer } from "../xds/server.ts";
import { ProxyMonitor } from "./proxy-monitor.ts";

/** Everything runs on this machine, in one Envoy: all Gateways share it. */
export const localProxy = "local";

export interface StandaloneOptions {
  /** The Envoy binary. */
  readonly envoy: string;
  readonly logger: Logger;
  /** Added to every listener's port. */
  readonly portOffset?: number;
  readonly concurrency?: number;
  /** What of Envoy's own log is passed on; warnings unless told otherwise. */
  readonly envoyLogLevel?: EnvoyLogLevel;
  /** How long connections may take to end when Gatewright stops. */
  readonly drainMilliseconds?: number;
  readonly observer?: XdsObserver;
}

/**
 * Gatewright on one machine: a control plane, its xDS server on a private socket, and one Envoy.
 *
 * @example
 * const standalone = await Standalone.create({ envoy, logger });
 * watchFiles(["examples/quickstart"], standalone.controlPlane, reading);
 * await standalone.startEnvoy();
 */
export class Standalone {
  readonly controlPlane: ControlPlane;
  readonly xds: XdsServer;
  readonly monitor: ProxyMonitor;
  readonly #options: StandaloneOptions;
  readonly #socket: string;
  readonly #remove: () => Promise<void>;
  #envoy: EnvoyProcess | undefined;

  /** @throws FleetError if no private directory can be made */
  static async create(options: StandaloneOptions): Promise<Standalone> {
    const directory = await makeRuntimeDirectory(undefined);
    // Of its own, since we may be killed before there is an Envoy, whose watchdog knows Envoy's directory only.
    const watchdog = startWatchdog([directory.path], options.logger);
    const remove = async () => {
      await directory.remove();
      watchdog.close();
    };
    const standalone = new Standalone(options, join(directory.path, "xds.sock"), remove);
    await standalone.xds.listen({ path: standalone.#socket });
    return standalone;
  }

  private constructor(options: StandaloneOptions, socket: string, remove: () => Promise<void>) {
    this.#options = options;
    this.#socket = socket;
    this.#remove = remove;
    this.controlPlane = new ControlPlane({
      placement: onThisMachine(localProxy),
      envoy: { portOffset: options.portOffset ?? 0 },
      onError: (error) => options.logger.error({ error: String(error), stack: error.stack }, "a derivation failed"),
    });
    this.monitor = new ProxyMonitor(localProxy, this.controlPlane.proxies);
    this.xds = new XdsServer({
      resources: this.controlPlane.envoyResources,
      changedAt: () => this.controlPlane.since,
      knows: (proxy) => proxy === localProxy,
      observer: this.monitor.observe(options.observer ?? {}),
    });
    this.monitor.follow(this.xds.delivery);
  }

  get envoy(): EnvoyProcess | undefined {
    return this.#envoy;
  }

  /** Starts Envoy; to be called once the first resources are in, so that it boots with all of them. */
  async startEnvoy(): Promise<EnvoyProcess> {
    const { envoy, logger, concurrency, drainMilliseconds } = this.#options;
    this.#envoy = await Envoy.start({
      envoy,
      logger,
      logLevel: this.#options.envoyLogLevel ?? "warning",
      // The supervisor puts its own admin socket in place.
      bootstrap: {
        json: JSON.stringify(
          bootstrap({ proxy: localProxy, node: localProxy, xds: { path: this.#socket }, adminSocket: this.#socket }),
        ),
      },
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(drainMilliseconds === undefined ? {} : { drain: { drainMs: drainMilliseconds } }),
    });
    return this.#envoy;
  }

  /** Drains and ends Envoy, then the xDS server. */
  async stop(): Promise<void> {
    await this.#envoy?.stop();
    await this.#close();
  }

  /** Ends everything at once. */
  async kill(): Promise<void> {
    await this.#envoy?.kill();
    await this.#close();
  }

  async #close(): Promise<void> {
    this.xds.close();
    await this.#remove();
  }
}
