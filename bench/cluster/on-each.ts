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
}

/** What a workload gave, implementation by implementation. */
export interface Outcomes<Result> {
  readonly outcomes: readonly Outcome<Result>[];
  /** For {@link Findings.notes}: versions, and who failed and how. */
  readonly notes: readonly string[];
}

/**
 * Runs a workload on each of the implementations, one after the other, each in a cluster that is new. The cluster ends with the
 * workload, however it ends. One that fails or can't be built doesn't keep the others from their turn.
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
        outcomes.push({ implementation, result: await bounded(measured, longestMs, "the workload") });
      } finally {
        await cluster.stop();
      }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      progress(`${name} failed: ${why}`);
      notes.push(`${name} failed: ${why.slice(0, 500)}`);
      outcomes.push({ implementation });
      // Without a figure of ours there is nothing to judge.
      if (implementation.id === "gatewright") process.exitCode = 1;
    }
  }
  return { outcomes, notes };
}
