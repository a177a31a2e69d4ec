/**
 * What a request costs, and how many a second there can be, against Envoys that are configured by hand, nginx and HAProxy.
 *
 *     node bench/standalone/data-plane.ts [--routes 1,1000,10000] [--protocols "HTTP/1.1,gRPC"] [--rounds 40]
 *         [--milliseconds 80] [--instances 2] [--contenders gatewright,envoy-counting,envoy-counting-again,envoy,nginx,haproxy]
 *         [--quick] [--output json]
 *
 * Each contender serves with one thread, all on the same processor; the load and the backend (nginx) are on the others. There are several
 * processes of each, all up at the same time, with connections that stay. One after the other gets a short slice of load, round after
 * round, in an order that changes, so that what else goes on hits all of them. A ratio is the trimmed mean of each round's, with its
 * standard error. Linux only; needs nginx, haproxy and taskset. Exits with 1 if a limit is not kept.
 *
 * Of the Envoys by hand, one counts requests and durations by route, and gRPC by status, as we do, with what Envoy has for that:
 * limits are of that one. The plain one does less than we do: the ratio to it is what metrics by route come to, and the rest.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { commonOptions, outputOf, sizesOf } from "../harness/command-line.ts";
import type { Limit } from "../harness/judge.ts";
import { bind, family, processors } from "../harness/processors.ts";
import { progress } from "../harness/progress.ts";
import { report } from "../harness/report.ts";
import type { Estimate } from "../harness/statistics.ts";
import { type Backend, startBackend } from "./data-plane/backend.ts";
import { certificateIn } from "./data-plane/certificate.ts";
import { gatewright } from "./data-plane/gatewright.ts";
import { countingEnvoy, countingEnvoyAgain, plainEnvoy } from "./data-plane/hand-written-envoy.ts";
import { haproxy } from "./data-plane/haproxy.ts";
import { measure, type Row } from "./data-plane/measure.ts";
import { nginx } from "./data-plane/nginx.ts";
import { protocols } from "./data-plane/scenario.ts";

const { values } = parseArgs({
  options: {
    ...commonOptions,
    routes: { type: "string" },
    protocols: { type: "string" },
    contenders: { type: "string", default: "gatewright,envoy-counting,envoy,nginx,haproxy" },
    rounds: { type: "string" },
    milliseconds: { type: "string", default: "80" },
    instances: { type: "string", default: "2" },
    targets: { type: "string", default: "8" },
    rate: { type: "string", default: "8000" },
    quick: { type: "boolean", default: false },
  },
});
/** Of the processor that a proxy may use: with less in use, its requests a second are not what it can do. */
const leastUtilisation = 0.9;
/** With a larger one, a run can't tell 3 %. */
const largestError = 0.015;
const sizes = sizesOf(values.routes ?? (values.quick ? "100" : "1,1000,10000"));
const effort = {
  rounds: Number(values.rounds ?? (values.quick ? 10 : 40)),
  milliseconds: Number(values.milliseconds),
  instances: Number(values.instances),
  targets: Number(values.targets),
  rate: Number(values.rate),
};
/** The one that does what we do, which limits are of, and the one that does less. */
const baselines = [countingEnvoy.id, plainEnvoy.id];
const contenders = [gatewright, countingEnvoy, countingEnvoyAgain, plainEnvoy, nginx, haproxy].filter(({ id }) =>
  values.contenders.split(",").includes(id),
);
const asked = protocols.filter((name) => values.protocols === undefined || values.protocols.split(",").includes(name));

const folder = await mkdtemp(join(tmpdir(), "data-plane-"));
const rows: Row[] = [];
let backend: Backend | undefined;
try {
  backend = await startBackend(folder);
  const [, ...others] = await processors();
  if (others.length > 0) await bind(await family(backend.pid), others);
  const certificate = await certificateIn(folder);
  for (const routes of sizes) {
    for (const layout of ["hosts", "paths"] as const) {
      // One path is one host, and protocols don't matter to how a path is found.
      const wanted = layout === "hosts" ? asked : asked.slice(0, 1);
      if (layout === "paths" && routes === 1) continue;
      const own = join(folder, `${layout}-${routes}`);
      await mkdir(own);
      rows.push(
        ...(await measure(
          { routes, layout, backend, certificate, folder: own },
          contenders,
          wanted,
          effort,
          baselines,
          progress,
        )),
      );
    }
  }
} finally {
  await backend?.stop();
  await rm(folder, { recursive: true, force: true });
}

const versions = await Promise.all(contenders.map(async (one) => `${one.name} ${await one.version()}`));
await report(outputOf(values.output), {
  benchmark: "data-plane",
  notes: [
    `${versions.join(", ")}: one thread each, ${effort.instances} processes, ${effort.rounds} rounds of ${effort.milliseconds} ms, ${effort.targets} hosts or paths.`,
  ],
  tables: [
    {
      headings: [
        "requests",
        "routes",
        "load average",
        "",
        "requests/s",
        "of Envoy's that counts",
        "of plain Envoy's",
        "processor in use",
        "CPU a request then, µs",
        "of Envoy's that counts",
        "CPU a request at a fixed rate, µs",
        "of it not the worker's",
        "of Envoy's that counts",
        "of plain Envoy's",
        "failed",
      ],
      rows: rows.flatMap((row) => lines(row)),
    },
  ],
  results: { effort, rows },
  limits: rows.flatMap((row) => limits(row)),
});

function lines({ protocol, layout, routes, loadAverage, measured }: Row): readonly (readonly string[])[] {
  return contenders.flatMap(({ id, name }) => {
    const one = measured[id];
    if (one === undefined) return [];
    const { requestsPerSecond, utilisation, cpuClosed, cpu, mainCpu, failed, relative } = one;
    return [
      [
        protocol,
        `${routes} ${layout}`,
        loadAverage.toFixed(1),
        name,
        requestsPerSecond.toFixed(0),
        ...baselines.map((baseline) => written(relative[baseline]?.requestsPerSecond)),
        `${(utilisation * 100).toFixed(0)} %`,
        cpuClosed.toFixed(1),
        written(relative[countingEnvoy.id]?.cpuClosed),
        cpu.toFixed(1),
        mainCpu.toFixed(2),
        ...baselines.map((baseline) => written(relative[baseline]?.cpu)),
        String(failed),
      ],
    ];
  });
}

function written(estimate: Estimate | undefined): string {
  return estimate === undefined ? "" : `${estimate.value.toFixed(3)} ± ${estimate.error.toFixed(3)}`;
}

/** What is asked of us, in comparison with the Envoy by hand that does the same. */
function limits({ protocol, layout, routes, measured }: Row): readonly Limit[] {
  const ours = measured[gatewright.id];
  if (ours === undefined) return [];
  const relative = ours.relative[countingEnvoy.id];
  const row = `${protocol}, ${routes} ${layout}`;
  // Where the proxy has time to spare, the client or the backend was measured.
  const slack = [gatewright, countingEnvoy].filter(({ id }) => !((measured[id]?.utilisation ?? 0) >= leastUtilisation));
  const noisy = ({ error }: Estimate) =>
    error <= largestError ? undefined : `a standard error of ${error.toFixed(3)}, more than ${largestError}`;
  const noVerdict = (...reasons: readonly (string | undefined)[]) => {
    const why = reasons.filter((reason) => reason !== undefined).join("; ");
    return why === "" ? {} : { noVerdict: why };
  };
  return [
    { what: `${row}: requests that failed`, value: ours.failed, atMost: 0 },
    ...(relative === undefined
      ? []
      : [
          {
            what: `${row}: requests/s of Envoy by hand that counts by route, in ours`,
            value: 1 / relative.requestsPerSecond.value,
            atMost: 1 / 0.97,
            ...noVerdict(
              noisy(relative.requestsPerSecond),
              slack.length === 0
                ? undefined
                : `less than ${leastUtilisation * 100} % of the processor in use by ${slack.map(({ name }) => name).join(", ")}`,
            ),
          },
          {
            what: `${row}: CPU per request, in that of Envoy by hand that counts by route`,
            value: relative.cpu.value,
            atMost: 1.05,
            ...noVerdict(noisy(relative.cpu)),
          },
        ]),
  ];
}
