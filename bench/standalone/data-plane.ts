/**
 * What a request costs, and how many a second there can be, against Envoys that are configured by hand, nginx and HAProxy.
 *
 *     node bench/standalone/data-plane.ts [--routes 1,1000,10000] [--protocols "HTTP/1.1,gRPC"] [--rounds 5] [--seconds 1]
 *         [--contenders gatewright,envoy-counting,envoy,nginx,haproxy] [--quick] [--output json]
 *
 * Each contender serves with one thread, all on the same processor; the load (h2load) and the backend (nginx) are on the others.
 * One after the other gets a slice of load, round after round, so that noise hits all of them; figures are medians over the
 * rounds, and ratios are medians of each round's. Linux only; needs h2load, nginx, haproxy and taskset. Exits with 1 if a limit
 * is not kept.
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
import { type Backend, startBackend } from "./data-plane/backend.ts";
import { certificateIn } from "./data-plane/certificate.ts";
import { gatewright } from "./data-plane/gatewright.ts";
import { countingEnvoy, plainEnvoy } from "./data-plane/hand-written-envoy.ts";
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
    seconds: { type: "string", default: "1" },
    targets: { type: "string", default: "8" },
    rate: { type: "string", default: "8000" },
    quick: { type: "boolean", default: false },
  },
});
/** Of the processor that a proxy may use: with less in use, its requests a second are not what it can do. */
const leastUtilisation = 0.9;
const sizes = sizesOf(values.routes ?? (values.quick ? "100" : "1,1000,10000"));
const effort = {
  rounds: Number(values.rounds ?? (values.quick ? 3 : 7)),
  seconds: values.quick ? 0.5 : Number(values.seconds),
  targets: Number(values.targets),
  rate: Number(values.rate),
};
/** The one that does what we do, which limits are of, and the one that does less. */
const baselines = [countingEnvoy.id, plainEnvoy.id];
const contenders = [gatewright, countingEnvoy, plainEnvoy, nginx, haproxy].filter(({ id }) =>
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
    `${versions.join(", ")}: one thread each, ${effort.rounds} rounds of ${effort.seconds} s, ${effort.targets} hosts or paths.`,
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
        "CPU a request, µs",
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
    const { requestsPerSecond, utilisation, cpu, failed, relative } = one;
    return [
      [
        protocol,
        `${routes} ${layout}`,
        loadAverage.toFixed(1),
        name,
        requestsPerSecond.toFixed(0),
        ...baselines.map((baseline) => relative[baseline]?.requestsPerSecond.toFixed(3) ?? ""),
        `${(utilisation * 100).toFixed(0)} %`,
        cpu.toFixed(1),
        ...baselines.map((baseline) => relative[baseline]?.cpu.toFixed(3) ?? ""),
        String(failed),
      ],
    ];
  });
}

/** What is asked of us, in comparison with the Envoy by hand that does the same. */
function limits({ protocol, layout, routes, measured }: Row): readonly Limit[] {
  const ours = measured[gatewright.id];
  if (ours === undefined) return [];
  const relative = ours.relative[countingEnvoy.id];
  const row = `${protocol}, ${routes} ${layout}`;
  // Where the proxy has time to spare, the client or the backend was measured.
  const slack = [gatewright, countingEnvoy].filter(({ id }) => !((measured[id]?.utilisation ?? 0) >= leastUtilisation));
  return [
    { what: `${row}: requests that failed`, value: ours.failed, atMost: 0 },
    ...(relative === undefined
      ? []
      : [
          {
            what: `${row}: requests/s of Envoy by hand that counts by route, in ours`,
            value: 1 / relative.requestsPerSecond,
            atMost: 1 / 0.97,
            ...(slack.length > 0 && {
              noVerdict: `less than ${leastUtilisation * 100} % of the processor in use by ${slack.map(({ name }) => name).join(", ")}`,
            }),
          },
          {
            what: `${row}: CPU per request, in that of Envoy by hand that counts by route`,
            value: relative.cpu,
            atMost: 1.05,
          },
        ]),
  ];
}
