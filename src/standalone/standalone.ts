import { ControlPlane } from "../control-plane/control-plane.ts";
import { recordRefusals } from "../control-plane/refusal-recorder.ts";
import type { Tampering } from "../control-plane/tampering.ts";
import { bootstrap } from "../envoy/bootstrap.ts";
import type { EnvoyLogLevel } from "../fleet/envoy-log.ts";
import { EnvoyProcess as Envoy, type EnvoyProcess } from "../fleet/envoy-process.ts";
import type { Logger } from "../fleet/logger.ts";
import { type KeptDirectory, keepRuntimeDirectory, makeRuntimeDirectory } from "../fleet/runtime-directory.ts";
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
  /**
   * Where the sockets are, for an Envoy that goes on when Gatewright is killed: a Gatewright that is started with the same
   * directory later goes on with it. Default: a private one, and nothing is left of a Gatewright that is killed.
   */
  readonly runtimeDirectory?: string;
  /** How long connections may take to end when Gatewright stops. */
  readonly drainMilliseconds?: number;
  /** Further command-line arguments of Envoy. */
  readonly envoyArguments?: readonly string[];
  readonly observer?: XdsObserver;
  readonly tampering?: Tampering;
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
  readonly #kept: KeptDirectory | undefined;
  readonly #remove: () => Promise<void>;
  #envoy: EnvoyProcess | undefined;

  /** @throws FleetError if no private directory can be made, or the given one can't be used */
  static async create(options: StandaloneOptions): Promise<Standalone> {
    if (options.runtimeDirectory !== undefined) {
      const kept = await keepRuntimeDirectory(options.runtimeDirectory);
      return new Standalone(options, kept.xdsSocket, kept, () => kept.remove());
    }
    const directory = await makeRuntimeDirectory(undefined);
    // Of its own, since we may be killed before there is an Envoy, whose watchdog knows Envoy's directory only.
    const watchdog = startWatchdog([directory.path], options.logger);
    return new Standalone(options, directory.xdsSocket, undefined, async () => {
      await directory.remove();
      watchdog.close();
    });
  }

  private constructor(
    options: StandaloneOptions,
    socket: string,
    kept: KeptDirectory | undefined,
    remove: () => Promise<void>,
  ) {
    this.#options = options;
    this.#socket = socket;
    this.#kept = kept;
    this.#remove = remove;
    this.controlPlane = new ControlPlane({
      placement: onThisMachine(localProxy),
      envoy: { portOffset: options.portOffset ?? 0 },
      ...(options.tampering === undefined ? {} : { tampering: options.tampering }),
      onError: (error) => options.logger.error({ error: String(error), stack: error.stack }, "a derivation failed"),
    });
    this.monitor = new ProxyMonitor(localProxy, this.controlPlane.proxies, this.controlPlane.refusals);
    this.xds = new XdsServer({
      resources: this.controlPlane.envoyResources,
      changedAt: () => this.controlPlane.since,
      knows: (proxy) => proxy === localProxy,
      observer: recordRefusals(this.controlPlane.refusals, options.observer ?? {}),
      onError: (error) => options.logger.error({ error: String(error), stack: error.stack }, "a stream of xDS failed"),
    });
    this.monitor.follow(this.xds.delivery);
  }

  get envoy(): EnvoyProcess | undefined {
    return this.#envoy;
  }

  /**
   * Serves configuration and starts Envoy, or goes on with the one that runs; to be called once the first resources are in, so
   * that it boots with all of them, and loses none that it has.
   */
  async startEnvoy(): Promise<EnvoyProcess> {
    const { envoy, logger, concurrency, drainMilliseconds } = this.#options;
    await this.xds.listen({ path: this.#socket });
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
      extraArguments: this.#options.envoyArguments ?? [],
      ...(this.#kept === undefined ? {} : { kept: this.#kept }),
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
    // One that never came to Envoy leaves alone what an earlier one left running.
    if (this.#kept === undefined || this.#envoy !== undefined) await this.#remove();
  }
}
