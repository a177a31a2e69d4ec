import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bind, processors, processorTime } from "../../harness/processors.ts";
import { type Estimate, mean, sum, trimmedMean } from "../../harness/statistics.ts";
import type { Contender, Running } from "./contender.ts";
import { Load, type Pace, statusOf } from "./load.ts";
import { type Layout, type Protocol, type Scenario, someRoutes } from "./scenario.ts";

export interface Row {
  readonly protocol: Protocol;
  readonly layout: Layout;
  readonly routes: number;
  /** Requests a second of the fixed rate: what the slowest contender can do, or less. */
  readonly rate: number;
  readonly loadAverage: number;
  /** By the id of the contender. */
  readonly measured: Readonly<Record<string, Measured>>;
}

export interface Relative {
  readonly requestsPerSecond: Estimate;
  readonly cpu: Estimate;
  /** At full load. */
  readonly cpuClosed: Estimate;
}

/** Means of the rounds, of all instances. */
export interface Measured {
  /** Closed loop. */
  readonly requestsPerSecond: number;
  /** Of the processor that all contenders have, in a closed loop. Far below 1, the client or the backend was the limit. */
  readonly utilisation: number;
  /** Of a request, in microseconds, in a closed loop. */
  readonly cpuClosed: number;
  /** Of a request, in microseconds, at the fixed rate. */
  readonly cpu: number;
  /** What of it threads have that serve no requests. */
  readonly mainCpu: number;
  /** Requests that were answered otherwise than they should, over all rounds. */
  readonly failed: number;
  /** Of what another contender did in the same rounds, by its id. */
  readonly relative: Readonly<Record<string, Relative>>;
}

export interface Effort {
  readonly rounds: number;
  /** Processes of each contender: where a process happens to lie in memory makes it slower or faster than another of the same. */
  readonly instances: number;
  /** Of a slice of load. */
  readonly milliseconds: number;
  /** Hosts or paths that requests are for. */
  readonly targets: number;
  /** At most so many requests a second at the fixed rate. */
  readonly rate: number;
}

/** What a slice of load came to; microseconds. */
interface Slice {
  readonly perSecond: number;
  readonly utilisation: number;
  readonly cpu: number;
  readonly mainCpu: number;
  readonly failed: number;
}

interface Instance {
  readonly id: string;
  readonly running: Running;
}

/** One row to a protocol, of one scenario that all contenders are started for. */
export async function measure(
  scenario: Scenario,
  contenders: readonly Contender[],
  asked: readonly Protocol[],
  effort: Effort,
  baselines: readonly string[],
  progress: (message: string) => void,
): Promise<readonly Row[]> {
  const [proxies = 0, ...others] = await processors();
  const clients = others.length > 0 ? others : [proxies];
  const started: Instance[] = [];
  try {
    for (let number = 1; number <= effort.instances; number++) {
      const folder = join(scenario.folder, String(number));
      for (const contender of contenders) {
        progress(`${scenario.routes} ${scenario.layout}: starting ${contender.name}, ${number} of ${effort.instances}`);
        const running = await contender.start({ ...scenario, folder });
        started.push({ id: contender.id, running });
        for (const protocol of asked) await serves(running, protocol, scenario);
        await bind(await running.pids(), [proxies]);
      }
    }
    // This program is the client.
    await bind([process.pid], clients);
    const rows: Row[] = [];
    for (const protocol of asked) {
      progress(`${scenario.routes} ${scenario.layout}: ${protocol}`);
      rows.push(await row(scenario, started, protocol, effort, baselines));
    }
    return rows;
  } finally {
    // What is started next inherits it, and knows the processors by it.
    await bind([process.pid], [proxies, ...others]);
    for (const { running } of started) await running.stop();
  }
}

/** Waits until it does what it is asked for; throws if it never does, or does more. */
async function serves(running: Running, protocol: Protocol, scenario: Scenario): Promise<void> {
  const deadline = performance.now() + 180_000;
  for (const target of someRoutes(scenario, 3)) {
    for (;;) {
      await running.alive();
      const status = await statusOf(protocol, running.port(protocol), target);
      if (status === 200) break;
      if (performance.now() > deadline) throw new Error(`${protocol} ${target.hostname}${target.path}: ${status}`);
      await sleep(100);
    }
  }
  if (protocol === "gRPC") return;
  const status = await statusOf(protocol, running.port(protocol), { hostname: "unknown.example.com", path: "/" });
  if (status !== 404) throw new Error(`${protocol}: an unknown host is answered with ${status}`);
}

async function row(
  scenario: Scenario,
  started: readonly Instance[],
  protocol: Protocol,
  effort: Effort,
  baselines: readonly string[],
): Promise<Row> {
  const targets = someRoutes(scenario, Math.min(effort.targets, scenario.routes));
  const loaded: Loaded[] = [];
  try {
    for (const { id, running } of started) {
      const load = await Load.open(protocol, running.port(protocol), targets);
      loaded.push({ id, running, load, pids: await running.pids() });
    }
    // Connections to backends are made, and caches filled, before anything counts.
    await rounds(loaded, { ...effort, rounds: 2 }, { kind: "closed" });
    const closed = await rounds(loaded, effort, { kind: "closed" });
    const slowest = Math.min(...[...closed.values()].map((slices) => mean(slices.map(({ perSecond }) => perSecond))));
    const rate = Math.max(targets.length, Math.min(effort.rate, slowest * 0.4));
    const fixed = await rounds(loaded, effort, { kind: "fixed", rate });
    return {
      protocol,
      layout: scenario.layout,
      routes: scenario.routes,
      rate,
      loadAverage: loadavg()[0] ?? Number.NaN,
      measured: Object.fromEntries(
        [...closed.keys()].map((id) => [id, measuredOf(id, closed, fixed, baselines)] as const),
      ),
    };
  } finally {
    for (const { load } of loaded) load.close();
  }
}

interface Loaded extends Instance {
  readonly load: Load;
  readonly pids: readonly number[];
}

/** By the id of the contender, what each round came to: the mean of its instances. */
type Rounds = ReadonlyMap<string, readonly Slice[]>;

async function rounds(loaded: readonly Loaded[], { rounds: count, milliseconds }: Effort, pace: Pace): Promise<Rounds> {
  const means = new Map<string, Slice[]>(loaded.map(({ id }) => [id, []]));
  for (let round = 0; round < count; round++) {
    const slices: (readonly [id: string, slice: Slice])[] = [];
    for (const one of inTurns(loaded, round)) slices.push([one.id, await sliceOf(one, pace, milliseconds)]);
    for (const [id, own] of means) own.push(meanOf(slices.flatMap(([of, slice]) => (of === id ? [slice] : []))));
  }
  return means;
}

async function sliceOf({ running, load, pids }: Loaded, pace: Pace, length: number): Promise<Slice> {
  const before = await processorTime(pids);
  const { succeeded, failed, milliseconds } = await load.send(pace, length);
  const after = await processorTime(pids);
  await running.alive();
  const total = after.total - before.total;
  return {
    perSecond: (succeeded / milliseconds) * 1_000,
    utilisation: total / (milliseconds * 1_000),
    cpu: total / succeeded,
    mainCpu: (after.main - before.main) / succeeded,
    failed,
  };
}

function meanOf(slices: readonly Slice[]): Slice {
  const of = (field: keyof Slice) => mean(slices.map((slice) => slice[field]));
  return {
    perSecond: of("perSecond"),
    utilisation: of("utilisation"),
    cpu: of("cpu"),
    mainCpu: of("mainCpu"),
    failed: sum(slices.map(({ failed }) => failed)),
  };
}

function measuredOf(id: string, closed: Rounds, fixed: Rounds, baselines: readonly string[]): Measured {
  const of = (slices: Rounds, field: keyof Slice, whose = id): readonly number[] =>
    (slices.get(whose) ?? []).map((slice) => slice[field]);
  const relativeTo = (baseline: string, slices: Rounds, field: keyof Slice): Estimate => {
    const base = of(slices, field, baseline);
    return trimmedMean(of(slices, field).map((value, round) => value / (base[round] ?? Number.NaN)));
  };
  return {
    requestsPerSecond: trimmedMean(of(closed, "perSecond")).value,
    utilisation: trimmedMean(of(closed, "utilisation")).value,
    cpuClosed: trimmedMean(of(closed, "cpu")).value,
    cpu: trimmedMean(of(fixed, "cpu")).value,
    mainCpu: trimmedMean(of(fixed, "mainCpu")).value,
    failed: sum(of(closed, "failed")) + sum(of(fixed, "failed")),
    relative: Object.fromEntries(
      baselines
        .filter((baseline) => closed.has(baseline))
        .map((baseline) => [
          baseline,
          {
            requestsPerSecond: relativeTo(baseline, closed, "perSecond"),
            cpu: relativeTo(baseline, fixed, "cpu"),
            cpuClosed: relativeTo(baseline, closed, "cpu"),
          },
        ]),
    ),
  };
}

/** Each has each place as often as any other, so that none gains by its place: whoever came before the others warms, and what it left is theirs. */
function inTurns<One>(ones: readonly One[], round: number): readonly One[] {
  const first = round % ones.length;
  const turned = [...ones.slice(first), ...ones.slice(0, first)];
  return Math.floor(round / ones.length) % 2 === 0 ? turned : turned.toReversed();
}
