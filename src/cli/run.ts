import { once } from "node:events";
import { createLogger, type LogFormat, type LogLevel } from "../admin/log.ts";
import { createMetrics } from "../admin/metrics.ts";
import { AdminAddressError, serveAdmin } from "../admin/server.ts";
import { FleetError } from "../fleet/fleet-error.ts";
import { resolveEnvoy } from "../fleet/resolve-envoy.ts";
import type { KubernetesObject } from "../resources/object.ts";
import { watchFiles } from "../sources/files/watch-files.ts";
import type { ResourceBatch } from "../sources/source.ts";
import { localProxy, Standalone } from "../standalone/standalone.ts";
import type { Delivery } from "../xds/delivery.ts";
import { addressesToTry } from "./addresses-to-try.ts";
import { printFindings } from "./print-findings.ts";

export interface RunOptions {
  readonly portOffset: number;
  readonly adminAddress: string;
  readonly concurrency?: number;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  readonly drainSeconds: number;
}

/**
 * Serves the resources in files and folders until it is told to stop.
 *
 * @returns the exit code: 0 stopped, 2 it could not start
 */
export async function run(paths: readonly string[], options: RunOptions): Promise<number> {
  const logger = createLogger(options.logLevel, options.logFormat);
  const stopping = stopRequests();
  try {
    const { path: envoy } = await resolveEnvoy();
    let standalone: Standalone | undefined;
    const metrics = createMetrics({
      objects: () => countByKind(standalone?.controlPlane.objects() ?? []),
      refusedDocuments: () =>
        standalone?.controlPlane.findings().filter((finding) => finding.severity === "error").length ?? 0,
      connectedProxies: () => standalone?.xds.delivery.status(localProxy).connected ?? 0,
    });
    const running = await Standalone.create({
      envoy,
      logger,
      portOffset: options.portOffset,
      ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
      drainMilliseconds: options.drainSeconds * 1000,
      envoyLogLevel: options.logLevel === "debug" ? "info" : "warning",
      observer: metrics.observer,
    });
    standalone = running;
    const { controlPlane, xds } = running;
    let filesRead = false;
    const admin = await serveAdmin(options.adminAddress, {
      controlPlane,
      metrics,
      findings: () => controlPlane.findings(),
      notReady: () => [
        ...(filesRead ? [] : ["The files have not been read yet."]),
        ...(xds.delivery.status(localProxy).connected > 0 ? [] : ["Envoy is not connected."]),
        ...(controlPlane.proxies.get(localProxy)?.ready === true
          ? []
          : ["Envoy has not taken all of its configuration yet."]),
      ],
      envoyMetrics: async () => (await running.envoy?.admin.get("/stats/prometheus"))?.body ?? "",
    });
    const source = watchFiles(paths, {
      apply: (batch) => {
        controlPlane.apply(batch);
        report(batch, filesRead);
      },
    });
    await source.ready;
    filesRead = true;
    const supervised = await running.startEnvoy();
    supervised.onState(({ state }) => {
      if (state === "restarting") metrics.envoyRestarted();
    });
    void announce(xds.delivery, () => addressesToTry(controlPlane, options.portOffset));

    await stopping.first;
    logger.info({}, "stopping");
    await source.close();
    await Promise.race([running.stop(), stopping.second.then(() => running.kill())]);
    admin.close();
    admin.closeAllConnections();
    return 0;
  } catch (error) {
    if (!(error instanceof FleetError) && !(error instanceof AdminAddressError)) throw error;
    console.error(`gatewright: ${error.message}`);
    if (error instanceof FleetError && error.remedy !== undefined) console.error(error.remedy);
    return 2;
  }
}

/** Prints what can be tried, as soon as Envoy serves it. */
async function announce(delivery: Delivery, lines: () => readonly string[]): Promise<void> {
  await delivery.whenSettled(localProxy);
  for (const line of lines()) console.log(line);
}

/** Says what a batch was about, once traffic is being served. */
function report({ changes, findings }: ResourceBatch, serving: boolean): void {
  printFindings([...findings.values()].flat(), process.stderr);
  if (!serving || changes.length === 0) return;
  const shown = changes
    .slice(0, 5)
    .map(({ kind, key, object }) => `${kind} ${key} ${object === undefined ? "removed" : "applied"}`);
  console.error(`${shown.join(", ")}${changes.length > 5 ? ` and ${changes.length - 5} more` : ""}`);
}

/** Ctrl-C, SIGTERM, or the end of the launcher; the second one is for the impatient. */
function stopRequests(): { readonly first: Promise<void>; readonly second: Promise<void> } {
  const events = new EventTarget();
  let requests = 0;
  const request = () => {
    requests += 1;
    events.dispatchEvent(new Event(requests === 1 ? "first" : "second"));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, request);
  if (process.connected) process.once("disconnect", request);
  const until = (name: string) => once(events, name).then(() => undefined);
  return { first: until("first"), second: until("second") };
}

function countByKind(objects: readonly KubernetesObject[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { kind } of objects) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}
