/**
 * Whether a route can be changed under load: every answer has to be 200, and of one configuration as a whole. Needs root.
 *
 *     node bench/cluster/route-change.ts [--changes 50] [--implementations gatewright,…]
 *     node bench/cluster/route-change.ts --reorder     # the rules of a route change places, come and go
 *
 * As gateway-api-bench does it, one client asks as fast as it can, and the route changes 200 ms after the last change was seen. 16 more
 * connections ask each 5 ms. The route goes over to another port of its Service, to another Service, to both by weight, with and
 * without filters and timeouts. With `--reorder` it has eight rules whose matches overlap, and an answer has to be that of the rule that
 * wins, wherever it stands.
 *
 * Mixed are answers of no configuration that there ever was; late ones of a configuration before the last two, in whole.
 */
import { parseArgs } from "node:util";
import { clusterOptions, outputOf } from "../harness/command-line.ts";
import type { Limit } from "../harness/judge.ts";
import { gateway } from "../harness/objects.ts";
import { report } from "../harness/report.ts";
import { mean, percentile, sum } from "../harness/statistics.ts";
import { echoPod, echoService } from "./echo-backend.ts";
import type { RouteChangeArgument, RouteChangeResult } from "./inside/route-change.ts";
import { onEach, resultsOf } from "./on-each.ts";
import { runInside } from "./run-inside.ts";
import { serveGateway } from "./serve-gateway.ts";

const { values } = parseArgs({
  options: {
    ...clusterOptions,
    changes: { type: "string", default: "50" },
    reorder: { type: "boolean", default: false },
  },
});
const changes = Number(values.changes);

const { outcomes, notes } = await onEach("route-change", values.implementations, async (stage) => {
  const address = await serveGateway(stage);
  const backends = ["alpha", "beta"];
  await stage.cluster.apply(...backends.flatMap((name) => [echoPod(name, name), echoService(name, name)]));
  const pods = backends.map((name) => `pod/${name}`);
  await stage.cluster.kubectl([`--namespace=${gateway.namespace}`, "wait", "--for=condition=Ready", ...pods]);
  return await runInside<RouteChangeResult>(stage.cluster, "route-change.ts", {
    address,
    changes,
    reorder: values.reorder,
  } satisfies RouteChangeArgument);
});

await report(outputOf(values.output), {
  benchmark: values.reorder ? "route-change --reorder" : "route-change",
  tables: [
    {
      title: `${changes} changes of one route under load. Seen: from the API server's answer to the first answer of the new one, ms.`,
      headings: [
        "implementation",
        "requests",
        "requests/s",
        "not 200",
        "mixed",
        "late",
        "never seen",
        "mean",
        "p50",
        "p99",
        "max",
      ],
      rows: outcomes.flatMap(({ implementation, result }) =>
        result === undefined ? [] : [cells(implementation.name, result)],
      ),
    },
  ],
  results: resultsOf(outcomes),
  limits: outcomes.flatMap(({ implementation, result }) =>
    implementation.id === "gatewright" && result !== undefined ? limits(result) : [],
  ),
  notes,
});

function cells(name: string, result: RouteChangeResult): readonly string[] {
  const { requests, seconds, failed, mixed, late, unseen, latencies } = result;
  const told = Object.entries(failed).map(([status, count]) => `${count} × ${status}`);
  return [
    name,
    String(requests),
    (requests / seconds).toFixed(0),
    told.join(", ") || "0",
    String(sum(Object.values(mixed))),
    String(late),
    String(unseen),
    mean(latencies).toFixed(1),
    ...[50, 99, 100].map((percent) => percentile(latencies, percent).toFixed(1)),
  ];
}

function limits({ failed, mixed, unseen }: RouteChangeResult): readonly Limit[] {
  return [
    { what: "answers that are not 200", value: sum(Object.values(failed)), atMost: 0 },
    { what: "answers of no configuration that there ever was", value: sum(Object.values(mixed)), atMost: 0 },
    { what: "changes that were never seen", value: unseen, atMost: 0 },
  ];
}
