/**
 * How long a new HTTPRoute takes until it is served, one after the other, with few routes and with many. Needs root.
 *
 *     node bench/cluster/route-probe.ts [--milestones 10,1000,3000,10000] [--probes 40] [--implementations gatewright,…]
 *     node bench/cluster/route-probe.ts --serial --routes 3000    # each of them is probed, as gateway-api-bench does it
 *     node bench/cluster/route-probe.ts --churn [--namespaces 50 --applications 100]
 *
 * As gateway-api-bench does it: a route has a hostname and two rules that change headers; one leads to a backend, the other to a
 * Service that doesn't exist. When the API server has taken it, it is asked for each 5 ms until the answer is 200. Anything but 404
 * before that is an error. With milestones, most routes are made in bulk, and so many probes follow at each number, when all are accepted and
 * the control plane and the proxies are at rest.
 *
 * With `--churn`, applications with a route and a pod each come first (50 × 100 of them). 100 routes are probed in quiet; then while
 * one of those routes changes each second, and one of those pods every two seconds.
 */
import { parseArgs } from "node:util";
import { clusterOptions, flag, outputOf, sizesOf, text } from "../harness/command-line.ts";
import type { Limit } from "../harness/judge.ts";
import { gateway } from "../harness/objects.ts";
import { report } from "../harness/report.ts";
import { mean, percentile } from "../harness/statistics.ts";
import { httpBackend } from "./http-backend.ts";
import type { ApplicationsArgument, ApplicationsResult } from "./inside/applications.ts";
import type { Milestone, RouteProbeArgument } from "./inside/route-probe.ts";
import { onEach, resultsOf, type Stage } from "./on-each.ts";
import { runInside, startInside } from "./run-inside.ts";
import { serveGateway } from "./serve-gateway.ts";

const { values } = parseArgs({
  options: {
    ...clusterOptions,
    milestones: text("10,1000,3000,10000"),
    probes: text(""),
    serial: flag,
    routes: text("3000"),
    churn: flag,
    namespaces: text("50"),
    applications: text("100"),
  },
});
/** Of Envoy Gateway in the route probe of 3,000 routes on two processors, in milliseconds, in another run: for information only. */
const knownPeerMean = 1_082;

/** Probes under one condition. */
interface Row extends Milestone {
  readonly what: string;
}

const { outcomes, notes } = await onEach(
  "route-probe",
  values.implementations,
  async (stage): Promise<readonly Row[]> => {
    const address = await serveGateway(stage);
    await stage.cluster.apply(...httpBackend("backend"));
    await stage.cluster.kubectl([
      `--namespace=${gateway.namespace}`,
      "rollout",
      "status",
      "deployment/backend",
      "--timeout=120s",
    ]);
    if (values.churn) return await underChurn(stage, address);
    const [milestones, probes] = values.serial
      ? [tenths(Number(values.routes)), Number(values.routes) / 10]
      : [sizesOf(values.milestones), Number(values.probes || 40)];
    const found = await probe(stage, { address, milestones, probes, prefix: "route", fromRest: true });
    return found.map((each) => ({ what: `${each.routes} routes`, ...each }));
  },
);

await report(outputOf(values.output), {
  benchmark: "route-probe",
  tables: [
    {
      title:
        "From the API server's answer till it is served, ms; CPU is for one route, its status and the asking included.",
      headings: [
        "implementation",
        "with",
        "probes",
        "mean",
        "p50",
        "p99",
        "max",
        "mean since request",
        "errors",
        "control plane CPU, ms",
        "proxy CPU, ms",
        "control plane RSS, MiB",
        "proxy RSS, MiB",
      ],
      rows: outcomes.flatMap(({ implementation, result }) =>
        (result ?? []).map((row) => cells(implementation.name, row)),
      ),
    },
  ],
  results: resultsOf(outcomes),
  limits: outcomes.flatMap(({ implementation, result }) =>
    implementation.id === "gatewright" ? limits(result ?? []) : [],
  ),
  notes,
});

async function probe(
  { cluster, installed }: Stage,
  argument: Omit<RouteProbeArgument, "controlPlane" | "proxies">,
): Promise<readonly Milestone[]> {
  const [controlPlane, proxies] = [await installed.controlPlane(), await installed.proxies()];
  return await runInside(cluster, "route-probe.ts", {
    ...argument,
    controlPlane,
    proxies,
  } satisfies RouteProbeArgument);
}

async function underChurn(stage: Stage, address: string): Promise<readonly Row[]> {
  const [namespaces, each] = [Number(values.namespaces), Number(values.applications)];
  const argument: ApplicationsArgument = { namespaces, applications: each, nodes: 20 };
  const applications = startInside<ApplicationsResult>(stage.cluster, "applications.ts", argument);
  await applications.said("ready");
  // What is made first is in bulk, and waits until all is served and at rest.
  const one = { address, milestones: [1], probes: Number(values.probes || 100) };
  const quiet = await probe(stage, { ...one, prefix: "quiet", fromRest: true });
  applications.tell("churn");
  const churn = await probe(stage, { ...one, prefix: "churn", fromRest: false });
  await applications.end();
  const all = namespaces * each;
  return [
    ...quiet.map((found) => ({ what: `${all} applications, quiet`, ...found })),
    ...churn.map((found) => ({ what: `${all} applications, churn`, ...found })),
  ];
}

/** @example tenths(3000)  // [0, 300, …, 2700] */
function tenths(routes: number): readonly number[] {
  return Array.from({ length: 10 }, (_, index) => (index * routes) / 10);
}

function cells(name: string, row: Row): readonly string[] {
  const { what, latencies, sinceRequest, errors, unserved, controlPlaneCpuMs, proxiesCpuMs, controlPlane, proxies } =
    row;
  const told = Object.entries({ ...errors, ...(unserved > 0 && { unserved }) }).map(
    ([status, count]) => `${count} × ${status}`,
  );
  return [
    name,
    what,
    String(latencies.length + unserved),
    mean(latencies).toFixed(1),
    ...[50, 99, 100].map((percent) => percentile(latencies, percent).toFixed(1)),
    mean(sinceRequest).toFixed(1),
    told.join(", ") || "0",
    controlPlaneCpuMs.toFixed(1),
    proxiesCpuMs.toFixed(1),
    controlPlane.rssMiB.toFixed(0),
    proxies.rssMiB.toFixed(0),
  ];
}

function limits(rows: readonly Row[]): readonly Limit[] {
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) return [];
  const errors = rows.flatMap((row) => [...Object.values(row.errors), row.unserved]);
  const own = latenciesFor3000(rows);
  const peer = latenciesFor3000(
    outcomes.find(({ implementation }) => implementation.id === "envoy-gateway")?.result ?? [],
  );
  return [
    {
      what: "answers other than 404 and 200, and routes never served",
      value: errors.reduce((sum, count) => sum + count, 0),
      atMost: 0,
    },
    ...(last === first
      ? []
      : [
          {
            what: `mean ${last.what}, of that with ${first.what}`,
            value: mean(last.latencies) / mean(first.latencies),
            atMost: 2,
            ...(!first.rested && { noVerdict: "there was no rest before the first" }),
          },
        ]),
    ...(own === undefined ? [] : [limitFor3000(mean(own), peer && mean(peer))]),
  ];
}

/** With 3,000 routes there, or of 3,000 that were probed one after the other. */
function latenciesFor3000(rows: readonly Row[]): readonly number[] | undefined {
  if (values.serial)
    return values.routes === "3000" && rows.length > 0 ? rows.flatMap((row) => row.latencies) : undefined;
  return rows.find(({ routes }) => routes === 3_000)?.latencies;
}

/** Of Envoy Gateway's; there is a verdict if it was in the same run. */
function limitFor3000(own: number, peer: number | undefined): Limit {
  const what = "mean for 3000 routes, 30 times, of Envoy Gateway's";
  if (peer !== undefined) return { what, value: (30 * own) / peer, atMost: 1 };
  const noVerdict = `Envoy Gateway, not in this run, took ${knownPeerMean} ms on such a machine`;
  return { what, value: (30 * own) / knownPeerMean, atMost: 1, noVerdict };
}
