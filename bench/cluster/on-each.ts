import { loadavg } from "node:os";
import { startCluster, type TestCluster } from "../../test/cluster/cluster.ts";
import { bounded } from "../../test/e2e/harness/wait.ts";
import { progress } from "../harness/progress.ts";
import type { Implementation, Installed } from "./implementation.ts";
import { implementationsNamed } from "./implementations.ts";

/** What has not ended by then never will. */
const longestMs = 2 * 3_600_000;

/** An implementation that runs in a cluster of its own. */
export interface Stage {
  readonly implementation: Implementation;
  readonly cluster: TestCluster;
  readonly installed: Installed;
}

/** What came of a workload. */
export interface Outcome<Result> {
  readonly implementation: Implementation;
  /** Absent if it failed. */
  readonly result?: Result;
  readonly loadAverage: LoadAverage;
}

/** Of the last minute, before the implementation was got ready, and when it had been measured. */
export interface LoadAverage {
  readonly atStart: number;
  readonly atEnd: number;
}

/** What a workload gave, implementation by implementation. */
export interface Outcomes<Result> {
  readonly outcomes: readonly Outcome<Result>[];
  /** For {@link Findings.notes}: versions, the machine's load, and who failed and how. */
  readonly notes: readonly string[];
}

/**
 * Runs a workload on each of the implementations, one after the other, each in a cluster that is new. The cluster ends with the
 * workload, however it ends. One that fails or can't be built doesn't keep the others from their turn. What each gave is told on
 * standard error at once, as JSON, so that a run that is ended loses none.
 *
 * @param workload the beginning of the clusters' names: `attached-routes`
 * @param names as `--implementations` has them
 */
export async function onEach<Result>(
  workload: string,
  names: string,
  measure: (stage: Stage) => Promise<Result>,
): Promise<Outcomes<Result>> {
  const outcomes: Outcome<Result>[] = [];
  const notes: string[] = [];
  for (const implementation of implementationsNamed(names)) {
    const { name } = implementation;
    const atStart = currentLoad();
    try {
      progress(`${name}: getting it ready`);
      const { version, images, install, users } = await implementation.prepare(progress);
      notes.push(version);
      progress(`${name}: starting a cluster`);
      const cluster = await startCluster({
        name: `bench-${workload}-${implementation.id}`,
        channel: "experimental",
        images,
        audited: users,
      });
      try {
        const installed = await install(cluster);
        progress(`${name}: measuring`);
        const measured = measure({ implementation, cluster, installed });
        const result = await bounded(measured, longestMs, "the workload");
        const loadAverage = { atStart, atEnd: currentLoad() };
        progress(`${name}: ${JSON.stringify({ loadAverage, result })}`);
        notes.push(`${name}: load average ${atStart.toFixed(1)} to ${loadAverage.atEnd.toFixed(1)}`);
        outcomes.push({ implementation, result, loadAverage });
      } finally {
        await cluster.stop();
      }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      progress(`${name} failed: ${why}`);
      notes.push(`${name} failed: ${why.slice(0, 500)}`);
      outcomes.push({ implementation, loadAverage: { atStart, atEnd: currentLoad() } });
      // Without a figure of ours there is nothing to judge.
      if (implementation.id === "gatewright") process.exitCode = 1;
    }
  }
  return { outcomes, notes };
}

/** For {@link Findings.results}: what each gave, and at what load, by its id. */
export function resultsOf(outcomes: readonly Outcome<unknown>[]): object {
  return Object.fromEntries(
    outcomes.map(({ implementation, result, loadAverage }) => [implementation.id, { loadAverage, result }]),
  );
}

function currentLoad(): number {
  return loadavg()[0] ?? 0;
}
