import type { TestCluster } from "../../test/cluster/cluster.ts";
import { controllers } from "../../test/cluster/fixtures/pods.ts";

/** How many acknowledgements came within so many seconds of the event, by that bound as Prometheus writes it; each counts the ones before it. */
export type Acknowledgements = ReadonlyMap<string, number>;

/** Those of endpoints for events of EndpointSlices, by the controller's own metric. */
export async function acknowledgements({ kubectl, execute }: TestCluster): Promise<Acknowledgements> {
  const address = await kubectl([
    "--namespace=gatewright-system",
    "get",
    "pods",
    `--selector=${controllers}`,
    "--output=jsonpath={.items[0].status.podIP}",
  ]);
  const text = await execute(["curl", "--silent", "--fail", `http://${address}:19002/metrics`]);
  const wanted = ['kind="EndpointSlice"', 'type="ClusterLoadAssignment"'];
  const lines = [...text.matchAll(/^gatewright_event_to_ack_seconds_bucket\{([^}]*)\} (\d+)$/gm)];
  return new Map(
    lines
      .filter(([, labels = ""]) => wanted.every((label) => labels.includes(label)))
      .map(([, labels = "", count]) => [/le="([^"]+)"/.exec(labels)?.[1] ?? "", Number(count)]),
  );
}

/** The bound in seconds that 99 of 100 are within. */
export function p99Of(counts: Acknowledgements): number {
  const total = counts.get("+Inf") ?? 0;
  const [bound] = [...counts].find(([, count]) => count >= 0.99 * total) ?? ["+Inf"];
  return bound === "+Inf" ? Number.POSITIVE_INFINITY : Number(bound);
}
