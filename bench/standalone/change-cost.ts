/**
 * What one change costs, by kind of change and by how many routes there are that it does not concern: counts of the whole
 * controller, which do not vary from run to run. Exits with 1 where more routes make a change cost more.
 *
 *     node bench/standalone/change-cost.ts [--sizes 10,1000,10000]
 *
 * The controller runs in this process between an API server and an Envoy that are played: see bench/harness/counted-cluster.ts.
 */
import { isDeepStrictEqual, parseArgs } from "node:util";
import { type CostOfChange, costsOfChanges, flatCost } from "../harness/change-costs.ts";
import { commonOptions, outputOf, sizesOf } from "../harness/command-line.ts";
import { progress } from "../harness/progress.ts";
import { report } from "../harness/report.ts";

const { values } = parseArgs({ options: { ...commonOptions, sizes: { type: "string", default: "10,1000,10000" } } });
const sizes = sizesOf(values.sizes);
const costs = await costsOfChanges(sizes, progress);

function isFlat({ change, atSizes }: CostOfChange): boolean {
  const [first, ...others] = atSizes.map((atSize) => flatCost(change, atSize));
  return others.every((other) => isDeepStrictEqual(other, first));
}

await report(outputOf(values.output), {
  benchmark: "change-cost",
  tables: [
    {
      title: `One change, with ${sizes[0]} other routes`,
      headings: [
        "change",
        "events",
        "derivations",
        "host tables",
        "responses",
        "resources",
        "bytes",
        "statuses",
        "other writes",
      ],
      rows: costs.map(({ change, atSizes: [first] }) => [
        change.kind,
        ...Object.entries(first?.cost ?? {}).map(([figure, count]) => {
          const each = figure === "derivations" ? (change.derivationsOfEachRoute ?? 0) : 0;
          return each === 0 ? String(count) : `${count - each * (first?.routes ?? 0)} + ${each} a route`;
        }),
      ]),
    },
    {
      title: "The same with more: whether each count is equal, and milliseconds of derivations (one change: they vary)",
      headings: ["change", "equal", ...sizes.map((size) => `ms at ${size}`)],
      rows: costs.map((cost) => [
        cost.change.kind,
        isFlat(cost) ? "yes" : "NO",
        ...cost.atSizes.map(({ transactionMs }) => transactionMs.toFixed(2)),
      ]),
    },
  ],
  results: costs.map(({ change: { kind, derivationsOfEachRoute = 0 }, atSizes }) => ({
    kind,
    derivationsOfEachRoute,
    atSizes,
  })),
  limits: [
    {
      what: "kinds of change that cost more where there are more routes",
      value: costs.filter((cost) => !isFlat(cost)).length,
      atMost: 0,
    },
  ],
});
// Timers of connections that were ended would keep it for a while.
process.exit();
