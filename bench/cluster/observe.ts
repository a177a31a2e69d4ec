import { setTimeout as wait } from "node:timers/promises";
import { type ProcessUsage, resetPeaks, usageOf } from "../harness/processes.ts";
import { progress } from "../harness/progress.ts";
import { untilQuiet } from "../harness/quiet.ts";
import { mean } from "../harness/statistics.ts";
import { apiUsage, usageSince } from "./api-usage.ts";
import type { Stage } from "./on-each.ts";
import { apiPort, countTraffic } from "./traffic.ts";

/** What some processes took together in a period. */
export interface Taken {
  /** Resident memory, each five seconds. */
  readonly rssMiB: readonly number[];
  readonly meanMiB: number;
  /** By the kernel's high-water marks, so that nothing between two samples is missed. */
  readonly maxMiB: number;
  readonly lastMiB: number;
  /** What a straight line through the samples after the first fifth rises in an hour. */
  readonly growthMiBPerHour: number;
  /** Of one core, on the average. */
  readonly cpuPercent: number;
}

export interface Period {
  readonly seconds: number;
  readonly controlPlane: Taken;
  readonly proxies: Taken;
  readonly api: {
    /** Of the API server, by the control plane. */
    readonly requests: number;
    readonly statusWrites: Readonly<Record<string, number>>;
    /** To and from it, headers and encryption included. */
    readonly trafficMiB: number;
  };
  /** What proxies received from the control plane; undefined where they don't tell. */
  readonly configurationMiB: number | undefined;
}

const sampleMs = 5_000;
const mebibyte = 2 ** 20;

/** An observation that has begun. */
export interface Observation {
  readonly during: (seconds: number) => Promise<Period>;
  /** Until nothing is going on any more, or for ten minutes. */
  readonly untilQuiet: () => Promise<Period>;
}

interface Sample {
  readonly at: number;
  readonly controlPlane: ProcessUsage;
  readonly proxies: ProcessUsage;
}

/** Begins to look at the control plane and the proxies of a stage. */
export async function observe({ cluster, installed }: Stage): Promise<Observation> {
  const pids = { controlPlane: await installed.controlPlane(), proxies: await installed.proxies() };
  const [first] = pids.controlPlane;
  if (first === undefined) throw new Error("there is no control plane to look at");
  const traffic = await trafficOf(first);
  await resetPeaks([...pids.controlPlane, ...pids.proxies]);
  const before = { api: apiUsage(cluster), bytes: await traffic(), received: await installed.configurationBytes() };
  const samples: Sample[] = [];
  const sample = async (): Promise<void> => {
    const [controlPlane, proxies] = [await usageOf(pids.controlPlane), await usageOf(pids.proxies)];
    samples.push({ at: performance.now(), controlPlane, proxies });
  };
  await sample();
  let sampling = Promise.resolve();
  const timer = setInterval(() => {
    sampling = sample();
  }, sampleMs);
  // A workload that fails ends no observation.
  timer.unref();

  const end = async (): Promise<Period> => {
    clearInterval(timer);
    await sampling;
    await sample();
    const [earliest, latest] = [samples[0], samples.at(-1)];
    const seconds = ((latest?.at ?? 0) - (earliest?.at ?? 0)) / 1000;
    const api = usageSince(before.api, apiUsage(cluster));
    const received = await installed.configurationBytes();
    const now = await installed.controlPlane();
    if (now.join() !== pids.controlPlane.join()) throw new Error("the control plane was started again");
    return {
      seconds,
      controlPlane: taken(samples.map(({ at, controlPlane }) => ({ at, ...controlPlane }))),
      proxies: taken(samples.map(({ at, proxies }) => ({ at, ...proxies }))),
      api: {
        requests: api.requests,
        statusWrites: api.statusWrites,
        trafficMiB: ((await traffic()) - before.bytes) / mebibyte,
      },
      configurationMiB:
        received === undefined || before.received === undefined ? undefined : (received - before.received) / mebibyte,
    };
  };
  return {
    during: async (seconds) => {
      await wait(seconds * 1000);
      return await end();
    },
    untilQuiet: async () => {
      if (!(await untilQuiet([...pids.controlPlane, ...pids.proxies]))) progress("it does not come to rest");
      return await end();
    },
  };
}

const counters = new Map<number, () => Promise<number>>();

/** Counted since the first observation of that process. */
async function trafficOf(pid: number): Promise<() => Promise<number>> {
  const known = counters.get(pid);
  if (known !== undefined) return known;
  const count = await countTraffic(pid, apiPort);
  const bytes = async (): Promise<number> => {
    const { received, sent } = await count();
    return received + sent;
  };
  counters.set(pid, bytes);
  return bytes;
}

function taken(samples: readonly (ProcessUsage & { readonly at: number })[]): Taken {
  const rssMiB = samples.map((sample) => sample.rssMiB);
  const [first, last] = [samples[0], samples.at(-1)];
  const milliseconds = (last?.at ?? 0) - (first?.at ?? 0);
  return {
    rssMiB,
    meanMiB: mean(rssMiB),
    maxMiB: last?.peakRssMiB ?? Number.NaN,
    lastMiB: rssMiB.at(-1) ?? Number.NaN,
    growthMiBPerHour: slope(samples.slice(Math.floor(samples.length / 5))) * 3_600_000,
    cpuPercent: (100 * ((last?.cpuMs ?? 0) - (first?.cpuMs ?? 0))) / milliseconds,
  };
}

/** Of the straight line with the least squares, in MiB a millisecond. */
function slope(samples: readonly { readonly at: number; readonly rssMiB: number }[]): number {
  const at = mean(samples.map((sample) => sample.at));
  const rss = mean(samples.map((sample) => sample.rssMiB));
  const sum = (of: (sample: (typeof samples)[number]) => number) => samples.reduce((all, each) => all + of(each), 0);
  return sum((each) => (each.at - at) * (each.rssMiB - rss)) / sum((each) => (each.at - at) ** 2);
}
