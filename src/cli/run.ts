import { AdminAddressError } from "../admin/address.ts";
import { createLogger } from "../admin/log.ts";
import type { LogFormat, LogLevel } from "../admin/log-options.ts";
import { createMetrics, supervisionMetrics } from "../admin/metrics/metrics.ts";
import { serveAdmin } from "../admin/server.ts";
import { FleetError } from "../fleet/fleet-error.ts";
import type { Logger } from "../fleet/logger.ts";
import { resolveEnvoy } from "../fleet/resolve-envoy.ts";
import { watchFiles } from "../sources/files/watch-files.ts";
import { localProxy, Standalone } from "../standalone/standalone.ts";
import { TransitionTimes } from "../status/transition-times.ts";
import { addressesToTry } from "./addresses-to-try.ts";
import { Reporter } from "./report.ts";
import { type StopRequests, stopRequests } from "./stop-requests.ts";
import { version } from "./version.ts";

export interface RunOptions {
  readonly portOffset: number;
  readonly adminAddress: string;
  readonly concurrency?: number;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  readonly drainSeconds: number;
  readonly runtimeDirectory?: string;
}

/**
 * Serves the resources in files and folders until it is told to stop.
 *
 * @returns the exit code: 0 stopped, 2 it could not start
 */
export async function run(paths: readonly string[], options: RunOptions): Promise<number> {
  const logger = createLogger(options.logLevel, options.logFormat);
  const requests = stopRequests();
  try {
    // A download may be under way.
    const envoy = await Promise.race([resolveEnvoy({ logger }), requests.first]);
    if (envoy !== undefined) await serve(paths, options, envoy.path, logger, requests);
    return 0;
  } catch (error) {
    if (!(error instanceof FleetError) && !(error instanceof AdminAddressError)) throw error;
    console.error(`gatewright: ${error.message}`);
    if (error instanceof FleetError && error.remedy !== undefined) console.error(error.remedy);
    return 2;
  }
}

async function serve(
  paths: readonly string[],
  options: RunOptions,
  envoy: string,
  logger: Logger,
  requests: StopRequests,
): Promise<void> {
  const metrics = createMetrics(version());
  const envoyRestarted = supervisionMetrics(metrics);
  const standalone = await Standalone.create({
    envoy,
    logger,
    portOffset: options.portOffset,
    ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
    ...(options.runtimeDirectory === undefined ? {} : { runtimeDirectory: options.runtimeDirectory }),
    drainMilliseconds: options.drainSeconds * 1000,
    envoyLogLevel: options.logLevel === "debug" ? "info" : "warning",
    observer: metrics.observer,
  });
  const { controlPlane } = standalone;
  metrics.follow({ controlPlane, proxies: standalone.xds.delivery });
  try {
    const ready = { filesRead: false };
    const admin = await serveAdmin(options.adminAddress, {
      controlPlane,
      metrics,
      times: new TransitionTimes(controlPlane.status),
      findings: async () => {
        const { allFindings } = await import("../control-plane/all-findings.ts");
        return allFindings(controlPlane);
      },
      notReady: () => missing(standalone, ready.filesRead),
      envoyMetrics: async () => {
        if (standalone.envoy === undefined) throw new Error("it has not been started yet");
        return (await standalone.envoy.admin.get("/stats/prometheus")).body;
      },
    });
    const reporter = new Reporter({
      logger,
      format: options.logFormat,
      output: process.stderr,
      locate: (origin) => controlPlane.locate(origin),
    });
    controlPlane.status.subscribe((changes) => reporter.statuses(changes));
    const source = watchFiles(paths, {
      apply: (batch) => {
        const started = performance.now();
        controlPlane.apply(batch);
        metrics.applied(batch, (performance.now() - started) / 1000);
        reporter.findings([...batch.findings.values()].flat());
        if (ready.filesRead) reporter.changes(batch);
      },
    });
    const stopped = await Promise.race([source.ready, requests.first.then(() => "stopped" as const)]);
    if (stopped !== undefined) return await source.close();
    ready.filesRead = true;
    const supervised = await standalone.startEnvoy();
    supervised.onState(({ state }) => {
      if (state === "restarting") envoyRestarted();
    });
    void announce(standalone, options.portOffset);

    await requests.first;
    logger.info({}, "stopping");
    await source.close();
    admin.close();
    admin.closeAllConnections();
  } finally {
    await Promise.race([standalone.stop(), requests.second.then(() => standalone.kill())]);
  }
}

/** Prints what can be tried, as soon as Envoy serves it. Standard output, so that it is there whatever is logged. */
async function announce({ controlPlane, xds }: Standalone, portOffset: number): Promise<void> {
  await xds.delivery.whenSettled(localProxy);
  for (const line of addressesToTry(controlPlane, portOffset)) console.log(line);
}

/** What is missing before traffic is served, in words. */
function missing({ controlPlane, xds }: Standalone, filesRead: boolean): readonly string[] {
  if (!filesRead) return ["The files have not been read yet."];
  if (xds.delivery.status(localProxy).connected === 0) return ["Envoy is not connected."];
  return controlPlane.proxies.get(localProxy)?.ready === true
    ? []
    : ["Envoy has not taken all of its configuration yet."];
}
