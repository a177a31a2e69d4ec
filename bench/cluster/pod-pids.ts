import type { TestCluster } from "../../test/cluster/cluster.ts";
import { podProcesses } from "../../test/cluster/fixtures/pod-processes.ts";

/** Process ids, on this machine, of the pods that a selector finds and that aren't being deleted. */
export async function podPids(
  { kubectl }: Pick<TestCluster, "kubectl">,
  namespace: string,
  selector: string,
): Promise<readonly number[]> {
  const template = "{{range .items}}{{if not .metadata.deletionTimestamp}}{{.metadata.name}}\n{{end}}{{end}}";
  const names = await kubectl([
    "get",
    "pods",
    `--namespace=${namespace}`,
    `--selector=${selector}`,
    `--output=go-template=${template}`,
  ]);
  return names
    .split("\n")
    .filter((name) => name !== "")
    .flatMap(podProcesses);
}
