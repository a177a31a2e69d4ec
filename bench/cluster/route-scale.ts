/**
 * What 5,000 HTTPRoutes cost while little changes and while things change without end: memory, processor time, requests, bytes.
 * Needs root.
 *
 *     node bench/cluster/route-scale.ts [--minutes 15] [--namespaces 50] [--applications 100] [--implementations gatewright,envoy-gateway]
 *
 * As gateway-api-bench does it: 50 namespaces, each with 100 Services that have an HTTPRoute and a pod on a fake node. Once they are
 * made it is left alone (a fifth of the minutes); then, for `--minutes`, one route changes each second and one pod is replaced each
 * two seconds. Control plane and proxies are looked at every five seconds.
 *
 * Memory must not grow while things change: a straight line is laid through the samples of churn after its first fifth, and what it
 * rises in an hour is told. Whether it grows in an hour, an hour tells: `--minutes 60`.
 */
import { parseArgs } from "node:util";
import { clusterOptions, outputOf } from "../harness/command-line.ts";
import { atLeast, type Limit } from "../harness/judge.ts";
import { report } from "../harness/report.ts";
import type { ApplicationsArgument, ApplicationsResult } from "./inside/applications.ts";
import { observe, type Period } from "./observe.ts";
import { type Outcome, onEach, resultsOf } from "./on-each.ts";
import { startInside } from "./run-inside.ts";
import { serveGateway } from "./serve-gateway.ts";

const { values } = parseArgs({
  options: {
    ...clusterOptions,
    minutes: { type: "string", default: "15" },
    namespaces: { type: "string", default: "50" },
    applications: { type: "string", default: "100" },
  },
});
const minutes = Number(values.minutes);
/** Of the 1.5 that are wanted. */
const leastChangesPerSecond = 1.4;
const argument: ApplicationsArgument = {
  namespaces: Number(values.namespaces),
  applications: Number(values.applications),
  nodes: 20,
};

interface RouteScale {
  /** While the applications are made, till all is quiet. */
  readonly ramp: Period;
  readonly steady: Period;
  readonly churn: Period;
  readonly changes: ApplicationsResult;
}

const { outcomes, notes } = await onEach("route-scale", values.implementations, async (stage): Promise<RouteScale> => {
  await serveGateway(stage);
  const ramping = await observe(stage);
  const applications = startInside<ApplicationsResult>(stage.cluster, "applications.ts", argument);
  await applications.said("ready");
  const ramp = await ramping.untilQuiet();
  const steady = await (await observe(stage)).during((minutes * 60) / 5);
  applications.tell("churn");
  const churn = await (await observe(stage)).during(minutes * 60);
  return { ramp, steady, churn, changes: await applications.end() };
});

const headings = [
  "implementation",
  "",
  "minutes",
  "RSS mean, MiB",
  "max",
  "at its end",
  "growth, MiB/h",
  "CPU, % of a core",
  "proxy RSS max, MiB",
  "proxy CPU, %",
  "API requests",
  "API MiB",
  "configuration, MiB",
];

await report(outputOf(values.output), {
  benchmark: "route-scale",
  tables: [{ title: title(outcomes), headings, rows: outcomes.flatMap(rowsOf) }],
  results: resultsOf(outcomes),
  limits: limits(outcomes),
  notes,
});

function title(all: readonly Outcome<RouteScale>[]): string {
  const changes = all.flatMap(({ implementation, result }) =>
    result === undefined
      ? []
      : [`${implementation.name} ${result.changes.routes} routes changed and ${result.changes.pods} pods replaced`],
  );
  return `${argument.namespaces * argument.applications} applications; in churn: ${changes.join(", ")}.`;
}

function rowsOf({ implementation, result }: Outcome<RouteScale>): readonly (readonly string[])[] {
  if (result === undefined) return [];
  return (["ramp", "steady", "churn"] as const).map((name) => {
    const { seconds, controlPlane, proxies, api, configurationMiB } = result[name];
    return [
      implementation.name,
      name,
      (seconds / 60).toFixed(1),
      controlPlane.meanMiB.toFixed(0),
      controlPlane.maxMiB.toFixed(0),
      controlPlane.lastMiB.toFixed(0),
      name === "churn" ? controlPlane.growthMiBPerHour.toFixed(0) : "",
      controlPlane.cpuPercent.toFixed(1),
      proxies.maxMiB.toFixed(0),
      proxies.cpuPercent.toFixed(1),
      String(api.requests),
      api.trafficMiB.toFixed(1),
      configurationMiB?.toFixed(1) ?? "unknown",
    ];
  });
}

function limits(all: readonly Outcome<RouteScale>[]): readonly Limit[] {
  const own = all.find(({ implementation }) => implementation.id === "gatewright")?.result;
  if (own === undefined) return [];
  const peers = all.flatMap(({ implementation, result }) =>
    implementation.id !== "envoy-gateway" || result === undefined ? [] : [result],
  );
  const most = (result: RouteScale) => Math.max(result.ramp.controlPlane.maxMiB, result.churn.controlPlane.maxMiB);
  return [
    { what: "control plane's RSS at its highest, MiB", value: most(own), atMost: 300 },
    { what: "its CPU in churn, % of a core", value: own.churn.controlPlane.cpuPercent, atMost: 3 },
    atLeast(
      "changes a second really made",
      (own.changes.routes + own.changes.pods) / own.changes.churnSeconds,
      leastChangesPerSecond,
    ),
    // What collections leave behind differs by some MiB from one to the next, and in few minutes that is a steep line.
    ...(minutes < 15
      ? []
      : [
          {
            what: `its growth in ${minutes} minutes of churn, MiB`,
            value: (own.churn.controlPlane.growthMiBPerHour * minutes) / 60,
            atMost: (20 * minutes) / 60,
          },
        ]),
    ...peers.flatMap((peer) => [
      { what: "RSS in churn, of Envoy Gateway's", value: ratio(own, peer, "meanMiB"), atMost: 1 / 5 },
      { what: "CPU in churn, of Envoy Gateway's", value: ratio(own, peer, "cpuPercent"), atMost: 1 / 20 },
    ]),
  ];
}

function ratio(own: RouteScale, peer: RouteScale, what: "meanMiB" | "cpuPercent"): number {
  return own.churn.controlPlane[what] / peer.churn.controlPlane[what];
}
