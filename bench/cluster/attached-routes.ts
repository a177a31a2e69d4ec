/**
 * How long a Gateway's `attachedRoutes` takes to be right when many HTTPRoutes come at once, and when they go; what is written for
 * that, and what the control plane spends. Needs root.
 *
 *     node bench/cluster/attached-routes.ts [--routes 1000,5000] [--implementations gatewright,…] [--output json]
 *
 * As gateway-api-bench does it: one namespace, as many Services without pods as routes, one route each with one hostname and one
 * rule. Its text tells times since the answer to the last write; its program (`tests/attachedroutes`) counts so while routes come, and
 * when they go since deletion begins. An implementation that keeps up with writing has nothing left to do after the last, and one that
 * takes the API server's processors makes the writing longer. So we tell both times, both ways, and judge both.
 */
import { parseArgs } from "node:util";
import { clusterOptions, outputOf, sizesOf } from "../harness/command-line.ts";
import type { Limit } from "../harness/judge.ts";
import { report } from "../harness/report.ts";
import type { AttachedRoutesArgument, AttachedRoutesPhase, AttachedRoutesResult } from "./inside/attached-routes.ts";
import { onEach, resultsOf } from "./on-each.ts";
import { runInside } from "./run-inside.ts";
import { serveGateway } from "./serve-gateway.ts";

const { values } = parseArgs({ options: { ...clusterOptions, routes: { type: "string", default: "1000,5000" } } });
const sizes = sizesOf(values.routes);

const { outcomes, notes } = await onEach("attached-routes", values.implementations, async (stage) => {
  const { cluster, installed } = stage;
  await serveGateway(stage);
  const results: (AttachedRoutesResult & { readonly routes: number })[] = [];
  for (const routes of sizes) {
    const argument: AttachedRoutesArgument = {
      routes,
      controlPlane: await installed.controlPlane(),
      folder: cluster.folder,
    };
    results.push({ routes, ...(await runInside<AttachedRoutesResult>(cluster, "attached-routes.ts", argument)) });
  }
  return results;
});

const rows = outcomes.flatMap(({ implementation, result }) =>
  (result ?? []).flatMap(({ routes, up, down }) => [
    row(implementation.name, `${routes} up`, up),
    row(implementation.name, `${routes} down`, down),
  ]),
);
await report(outputOf(values.output), {
  benchmark: "attached-routes",
  tables: [
    {
      headings: [
        "implementation",
        "routes",
        "writing, s",
        "right since first write, s",
        "since last, s",
        "a watch was told, s",
        "routes accepted since last, s",
        "Gateway status writes",
        "seen",
        "route status writes",
        "API writes in all",
        "control plane CPU, s",
      ],
      rows,
    },
  ],
  results: resultsOf(outcomes),
  limits: limits(),
  notes,
});

function row(name: string, what: string, phase: AttachedRoutesPhase): readonly string[] {
  const { writing, sinceFirst, sinceLast, told, accepted, statusesSeen, api, cpuSeconds } = phase;
  const inSeconds = (value: number | undefined) => (value === undefined ? "never" : value.toFixed(2));
  return [
    name,
    what,
    writing.toFixed(1),
    inSeconds(sinceFirst),
    inSeconds(sinceLast),
    inSeconds(told),
    what.endsWith("down") ? "" : inSeconds(accepted),
    String(api.statusWrites["gateways"] ?? 0),
    String(statusesSeen),
    String(api.statusWrites["httproutes"] ?? 0),
    String(api.writes),
    cpuSeconds.toFixed(2),
  ];
}

function limits(): readonly Limit[] {
  const of = (id: string) => outcomes.find(({ implementation }) => implementation.id === id)?.result ?? [];
  return of("gatewright").flatMap((own) => {
    const { routes, up, down } = own;
    const counted = (what: string, value: number, atMost: number): Limit => ({
      what: `${routes} routes: ${what}`,
      value,
      atMost,
    });
    const peer = of("envoy-gateway").find((other) => other.routes === routes);
    return [
      // It is written by time, and more routes take longer.
      ...(routes === 1_000
        ? [
            counted("status writes of the Gateway, up", up.api.statusWrites["gateways"] ?? 0, 50),
            counted("status writes of the Gateway, down", down.api.statusWrites["gateways"] ?? 0, 50),
          ]
        : []),
      counted("status writes for a route", (up.api.statusWrites["httproutes"] ?? 0) / routes, 1),
      ...(peer === undefined
        ? []
        : (["up", "down"] as const).flatMap((way) => [
            // In both is the writing, which is as long for one as for the other.
            compared(
              `${routes} routes: seconds since the first write, ${way}`,
              own[way].sinceFirst,
              peer[way].sinceFirst,
              1,
            ),
            compared(
              `${routes} routes: seconds since the last write, ${way}`,
              own[way].sinceLast,
              peer[way].sinceLast,
              0.2,
            ),
          ])),
    ];
  });
}

/** Ours in Envoy Gateway's; undefined: it never got there. */
function compared(what: string, own: number | undefined, peer: number | undefined, atMost: number): Limit {
  return {
    what: `${what}, of Envoy Gateway's`,
    value: (own ?? Number.POSITIVE_INFINITY) / (peer ?? Number.NaN),
    atMost,
    ...(own !== undefined && peer === undefined && { noVerdict: "Envoy Gateway never got there" }),
  };
}
