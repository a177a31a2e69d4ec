/**
 * In a test cluster, from the event of an EndpointSlice to Envoy's acknowledgement, as the controller's own metric tells it.
 * Needs root.
 *
 *     node bench/cluster/endpoints.ts [CHANGES]
 */
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { startShop } from "../../test/cluster/fixtures/start-shop.ts";
import { judge } from "../harness/judge.ts";
import { table } from "../harness/table.ts";

const changes = Number(process.argv[2] ?? 500);
const root = join(import.meta.dirname, "../..");
const metadata = { name: "web", namespace: "shop" };
const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata,
  spec: { ports: [{ port: 80 }] },
};
const slice = {
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: { ...metadata, labels: { "kubernetes.io/service-name": "web" } },
  addressType: "IPv4",
  endpoints: [{ addresses: ["10.244.3.250"] }],
  ports: [{ port: 8080 }],
};

const shop = await startShop({ name: "bench-endpoints", web: [service, slice] });
const { cluster } = shop;
try {
  const address = await shop.controllerKubectl("get", "pods", "--output=jsonpath={.items[0].status.podIP}");
  // What Envoy is told at first, with a cluster that has to be warm, is no change of endpoints.
  await wait(2_000);
  const before = await buckets(address);
  const script = join(root, "test/cluster/fixtures/change-endpoints.ts");
  await cluster.execute([process.execPath, script, "shop", "web", String(changes), "20"]);
  await wait(2_000);
  const after = await buckets(address);
  const counts = [...after].map(([bound, count]) => ({ bound, count: count - (before.get(bound) ?? 0) }));
  const total = counts.at(-1)?.count ?? 0;
  const rows = counts.map(({ bound, count }) => [bound, String(count), ((100 * count) / total).toFixed(1)]);
  console.log(table(["at most, in s", "acknowledgements", "%"], rows));
  const p99 = counts.find(({ count }) => count >= 0.99 * total)?.bound;
  judge([
    { what: "changes that no acknowledgement was for", value: changes - total, atMost: changes / 10 },
    { what: "p99 from EndpointSlice to acknowledgement, its bucket's end, ms", value: Number(p99) * 1000, atMost: 100 },
  ]);
} finally {
  await shop.stop();
}

/** The histogram of endpoint sets, by upper bound; each bucket counts the ones before it, too. */
async function buckets(address: string): Promise<ReadonlyMap<string, number>> {
  const text = await cluster.execute(["curl", "--silent", "--fail", `http://${address}:19002/metrics`]);
  const line = /^gatewright_event_to_ack_seconds_bucket\{le="([^"]+)",type="ClusterLoadAssignment"\} (\d+)$/gm;
  return new Map([...text.matchAll(line)].map(([, bound = "", count]) => [bound, Number(count)]));
}
