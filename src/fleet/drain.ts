import { setTimeout as sleep } from "node:timers/promises";
import type { EnvoyAdmin } from "./envoy-admin.ts";

/** How one Envoy is drained. */
export interface DrainOptions {
  /**
   * Health checks fail and responses ask clients to leave, while new connections are still accepted, in milliseconds.
   * For a load balancer in front that needs this long to look elsewhere. Alone on a machine: 0, the default.
   */
  readonly lameDuckMs?: number;
  /** The longest wait for what is in flight once no new connection is accepted, in milliseconds; default 5000. */
  readonly drainMs?: number;
}

/** What Envoy was busy with when the drain ended. */
export interface Drained {
  /** Whether all was over before the time was. */
  readonly complete: boolean;
  readonly connections: number;
  readonly requests: number;
}

/** Downstream activity, without that of the admin interface. */
export interface Activity {
  /** Connections and UDP sessions, idle ones included. */
  readonly connections: number;
  /** HTTP requests in flight, upgraded ones (WebSockets) included. */
  readonly requests: number;
  /** Connections that no HTTP connection manager owns: in flight as long as they are open. */
  readonly streams: number;
  /** HTTP requests and UDP datagrams ever. */
  readonly arrivals: number;
}

const activityStats =
  "^(listener\\..*\\.downstream_cx_active|udp\\..*\\.downstream_sess_(active|rx_datagrams|tx_datagrams)|http\\..*\\.downstream_(cx_active|rq_active|rq_total))$";

// A client on a keep-alive connection that sends one request after the other is answered
// `connection: close` within this time; one that sends none loses nothing when its connection is cut.
const quietMs = 1_000;
const pollMs = 50;

/**
 * Drains an Envoy: health checks fail, listeners stop accepting, and it returns when nothing is in flight or the time is over.
 *
 * Nothing is in flight when no connection is open, or when the open ones are idle HTTP connections and UDP sessions and no request
 * and no datagram came for a second. Counted by Envoy's stats: a bootstrap whose `stats_config` rejects them looks idle at once.
 *
 * Rejects when Envoy's admin interface can't be reached: there is nothing left to drain.
 */
export async function drain(admin: EnvoyAdmin, options: DrainOptions, signal?: AbortSignal): Promise<Drained> {
  await admin.failHealthCheck();
  await admin.drainListeners("graceful");
  const lameDuckMs = options.lameDuckMs ?? 0;
  if (lameDuckMs > 0) await sleep(lameDuckMs, undefined, signal === undefined ? {} : { signal });
  await admin.drainListeners("now");

  const deadline = performance.now() + (options.drainMs ?? 5_000);
  let quietSince = Number.POSITIVE_INFINITY;
  let arrivals = -1;
  for (;;) {
    const activity = await readActivity(admin);
    const now = performance.now();
    const { connections, requests } = activity;
    if (connections === 0 && requests === 0) return { complete: true, connections, requests };
    if (requests > 0 || activity.streams > 0) quietSince = Number.POSITIVE_INFINITY;
    else if (activity.arrivals !== arrivals || quietSince > now) quietSince = now;
    arrivals = activity.arrivals;
    if (now - quietSince >= quietMs) return { complete: true, connections, requests };
    if (now >= deadline || signal?.aborted === true) return { complete: false, connections, requests };
    await sleep(pollMs);
  }
}

/** What Envoy is busy with now. */
export async function readActivity(admin: EnvoyAdmin): Promise<Activity> {
  return countActivity(await admin.stats(activityStats));
}

/** Sums the stats that {@link readActivity} asked for. */
export function countActivity(stats: ReadonlyMap<string, number>): Activity {
  const sum = (scope: string, ends: readonly string[]): number => {
    let total = 0;
    for (const [name, value] of stats) {
      if (!name.startsWith(`${scope}.`) || name.startsWith(`${scope}.admin.`)) continue;
      // Envoy counts each worker's connections a second time: listener.<address>.worker_0.downstream_cx_active.
      if (/\.worker_\d+\.\w+$/.test(name)) continue;
      if (ends.some((end) => name.endsWith(`.${end}`))) total += value;
    }
    return total;
  };
  const transport = sum("listener", ["downstream_cx_active"]);
  const http = sum("http", ["downstream_cx_active"]);
  return {
    connections: Math.max(transport, http) + sum("udp", ["downstream_sess_active"]),
    requests: sum("http", ["downstream_rq_active"]),
    streams: Math.max(0, transport - http),
    arrivals:
      sum("http", ["downstream_rq_total"]) +
      sum("udp", ["downstream_sess_rx_datagrams", "downstream_sess_tx_datagrams"]),
  };
}
