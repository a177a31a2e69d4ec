import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { bind, processors, processorTime } from "../../harness/processors.ts";
import { percentile } from "../../harness/statistics.ts";
import type { Contender, Running } from "./contender.ts";
import { type Pace, send, statusOf } from "./load.ts";
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
  readonly requestsPerSecond: number;
  readonly cpu: number;
}

/** Each is the median over the rounds. */
export interface Measured {
  /** Closed loop. */
  readonly requestsPerSecond: number;
  /** Of the processor that all contenders have, in a closed loop. Far below 1, the client or the backend was the limit. */
  readonly utilisation: number;
  /** In microseconds, at the fixed rate. */
  readonly cpu: number;
  /** Requests that were answered otherwise than they should, over all rounds. */
  readonly failed: number;
  /** Of what another contender did in the same round, by its id. */
  readonly relative: Readonly<Record<string, Relative>>;
}

export interface Effort {
  readonly rounds: number;
  readonly seconds: number;
  /** Hosts or paths that requests are for. */
  readonly targets: number;
  /** At most so many requests a second at the fixed rate. */
  readonly rate: number;
}

interface Slice {
  readonly perSecond: number;
  readonly utilisation: number;
  readonly cpu: number;
  readonly failed: number;
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
  const started: { readonly id: string; readonly running: Running }[] = [];
  try {
    for (const contender of contenders) {
      progress(`${scenario.routes} ${scenario.layout}: starting ${contender.name}`);
      const running = await contender.start(scenario);
      started.push({ id: contender.id, running });
      for (const protocol of asked) await serves(running, protocol, scenario);
      await bind(await running.pids(), [proxies]);
    }
    const rows: Row[] = [];
    for (const protocol of asked) {
      progress(`${scenario.routes} ${scenario.layout}: ${protocol}`);
      rows.push(await row(scenario, started, protocol, effort, baselines, clients));
    }
    return rows;
  } finally {
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
  started: readonly { readonly id: string; readonly running: Running }[],
  protocol: Protocol,
  effort: Effort,
  baselines: readonly string[],
  clients: readonly number[],
): Promise<Row> {
  const targets = someRoutes(scenario, Math.min(effort.targets, scenario.routes));
  async function slice(running: Running, pace: Pace): Promise<Slice> {
    const pids = await running.pids();
    const [before, from] = [await processorTime(pids), performance.now()];
    const port = running.port(protocol);
    const { folder } = scenario;
    const load = { protocol, port, targets, pace, seconds: effort.seconds, folder, processors: clients };
    const answers = await send(load);
    const [after, to] = [await processorTime(pids), performance.now()];
    await running.alive();
    return {
      perSecond: answers.perSecond,
      utilisation: (after - before) / ((to - from) * 1_000),
      cpu: (after - before) / answers.succeeded,
      failed: answers.failed,
    };
  }

  async function rounds(pace: Pace): Promise<ReadonlyMap<string, readonly Slice[]>> {
    const slices = new Map<string, Slice[]>(started.map(({ id }) => [id, []]));
    for (let round = 0; round < effort.rounds; round++) {
      for (const { id, running } of inTurns(started, round)) {
        slices.get(id)?.push(await slice(running, pace));
      }
    }
    return slices;
  }

  // Connections of the pools are made, and caches filled, before anything counts.
  for (const { running } of started) await slice(running, { kind: "closed" });
  const closed = await rounds({ kind: "closed" });
  const slowest = Math.min(...[...closed.values()].map((slices) => median(slices.map(({ perSecond }) => perSecond))));
  const rate = Math.max(targets.length, Math.min(effort.rate, slowest * 0.4));
  const fixed = await rounds({ kind: "fixed", rate });

  const measured = started.map(({ id }): readonly [string, Measured] => {
    const [own, ownFixed] = [closed.get(id) ?? [], fixed.get(id) ?? []];
    const relative = baselines.flatMap((baseline): readonly (readonly [string, Relative])[] => {
      const [base, baseFixed] = [closed.get(baseline), fixed.get(baseline)];
      if (base === undefined || baseFixed === undefined) return [];
      const requestsPerSecond = median(own.map((one, round) => one.perSecond / (base[round]?.perSecond ?? Number.NaN)));
      const cpu = median(ownFixed.map((one, round) => one.cpu / (baseFixed[round]?.cpu ?? Number.NaN)));
      return [[baseline, { requestsPerSecond, cpu }]];
    });
    return [
      id,
      {
        requestsPerSecond: median(own.map(({ perSecond }) => perSecond)),
        utilisation: median(own.map(({ utilisation }) => utilisation)),
        cpu: median(ownFixed.map(({ cpu }) => cpu)),
        failed: [...own, ...ownFixed].reduce((total, { failed }) => total + failed, 0),
        relative: Object.fromEntries(relative),
      },
    ];
  });
  const { layout, routes } = scenario;
  return {
    protocol,
    layout,
    routes,
    rate,
    loadAverage: loadavg()[0] ?? Number.NaN,
    measured: Object.fromEntries(measured),
  };
}

/** Each has each place as often as any other, so that none gains by its place: whoever came before the others warms, and what it left is theirs. */
function inTurns<One>(ones: readonly One[], round: number): readonly One[] {
  const first = round % ones.length;
  const turned = [...ones.slice(first), ...ones.slice(0, first)];
  return Math.floor(round / ones.length) % 2 === 0 ? turned : turned.toReversed();
}

function median(values: readonly number[]): number {
  return percentile(values, 50);
}
