import { helmProgram } from "../../scripts/manifests.ts";
import type { TestCluster } from "../../test/cluster/cluster.ts";

/** A chart, as a user installs it. */
export interface Release {
  readonly name: string;
  readonly namespace: string;
  /** The chart's folder. */
  readonly chart: string;
  /** Files of values; the last one wins. */
  readonly values: readonly string[];
  /** Further flags of `helm install`. */
  readonly flags?: readonly string[];
}

/** Installs a chart with the pinned helm (scripts/install-test-programs.sh builds it), hooks and all, and waits for them. */
export async function helmInstall({ execute }: Pick<TestCluster, "execute">, release: Release): Promise<void> {
  const { name, namespace, chart, values, flags = [] } = release;
  const files = values.map((file) => `--values=${file}`);
  const where = [`--namespace=${namespace}`, "--create-namespace"];
  await execute([helmProgram, "install", name, chart, ...where, ...files, ...flags]);
}
