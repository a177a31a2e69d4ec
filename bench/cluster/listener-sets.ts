/**
 * What many HTTPS listeners cost that teams add to one Gateway, each by a ListenerSet with a certificate and routes: to make them, and
 * a single change among them: a route, a renewed certificate, one more ListenerSet. Needs root, but for `--standalone`.
 *
 *     node bench/cluster/listener-sets.ts [--namespaces 50 --sets 50 --routes 16] [--changes 10] [--implementations gatewright,…]
 *     node bench/cluster/listener-sets.ts --standalone [--sets 5]    # `gatewright run` on a folder, a file for each team
 *
 * As gateway-api-bench has it, with 2,500 listeners and 40,000 routes unless told otherwise. A change is seen by a client: in an answer
 * to a request that is repeated, or in the certificate of a new connection. Meanwhile connections of other hosts are open: each must
 * serve a request afterwards, and may not be told to close.
 */
import { parseArgs } from "node:util";
import { clusterOptions, flag, outputOf, text } from "../harness/command-line.ts";
import type { Limit } from "../harness/judge.ts";
import type { ChangeKind, ChangesResult } from "../harness/listener-sets/changes.ts";
import type { Cost, ListenerSetsResult, MadeResult } from "../harness/listener-sets/result.ts";
import { standalone } from "../harness/listener-sets/standalone.ts";
import { newAuthority, type Sizes, sharedGateway } from "../harness/listener-sets/team.ts";
import { gateway, namespaceObjects } from "../harness/objects.ts";
import { usageOf } from "../harness/processes.ts";
import { report } from "../harness/report.ts";
import { mean, sum } from "../harness/statistics.ts";
import { apiUsage, usageSince } from "./api-usage.ts";
import type { ListenerSetsArgument } from "./inside/listener-sets.ts";
import { onEach, resultsOf, type Stage } from "./on-each.ts";
import { runInside } from "./run-inside.ts";
import { apiPort, countTraffic } from "./traffic.ts";

const { values } = parseArgs({
  options: {
    ...clusterOptions,
    standalone: flag,
    namespaces: text("50"),
    sets: text("50"),
    routes: text("16"),
    changes: text("10"),
  },
});
const sizes: Sizes = {
  namespaces: Number(values.namespaces),
  sets: Number(values.sets),
  routes: Number(values.routes),
};
const changes = Number(values.changes);
const kinds: readonly ChangeKind[] = ["route", "certificate", "set"];

const { outcomes, notes } = values.standalone
  ? await standalone(sizes, changes, kinds)
  : await onEach("listener-sets", values.implementations, inCluster);

await report(outputOf(values.output), {
  benchmark: "listener-sets",
  tables: [
    {
      title: `${sizes.namespaces * sizes.sets} ListenerSets with ${sizes.routes} routes each`,
      headings: [
        "implementation",
        "writing, s",
        "status right since first write, s",
        "since last, s",
        "not served",
        "control plane CPU, s",
        "its RSS (peak), MiB",
        "proxy CPU, s",
        "its RSS, MiB",
        "configuration, MB",
        "API traffic, MB",
        "API writes",
        "of them status of ListenerSets, Gateway, routes",
      ],
      rows: outcomes.flatMap(({ implementation, result }) =>
        result === undefined ? [] : [madeRow(implementation.name, result.made)],
      ),
    },
    {
      title: `One change, of ${changes} one after the other`,
      headings: [
        "implementation",
        "change",
        "mean, ms",
        "longest",
        "control plane CPU, ms",
        "proxy CPU, ms",
        "configuration, KB",
        "API traffic, KB",
        "status writes",
        "others' connections closed",
      ],
      rows: outcomes.flatMap(({ implementation, result }) =>
        (result?.changes ?? []).map((change) => changeRow(implementation.name, change)),
      ),
    },
  ],
  results: resultsOf(outcomes),
  limits: outcomes.flatMap(({ implementation, result }) =>
    implementation.id === "gatewright" && result !== undefined ? limits(result) : [],
  ),
  notes,
});

async function inCluster(stage: Stage): Promise<ListenerSetsResult> {
  const { cluster, installed } = stage;
  await cluster.apply(...namespaceObjects(gateway.namespace), sharedGateway(installed.gatewayClass, 80));
  const named = [`--namespace=${gateway.namespace}`, `gateway/${gateway.name}`];
  await cluster.kubectl(["wait", "--for=condition=Programmed", ...named, "--timeout=180s"]);
  const address = await cluster.kubectl(["get", ...named, "--output=jsonpath={.status.addresses[0].value}"]);
  const authority = await newAuthority();
  const [pid = 0] = await installed.controlPlane();
  const traffic = await countTraffic(pid, apiPort);
  const reading = async () => ({
    controlPlane: await usageOf(await installed.controlPlane()),
    proxies: await usageOf(await installed.proxies()),
    configurationBytes: await installed.configurationBytes(),
    traffic: await traffic(),
    api: apiUsage(cluster),
  });
  const measured = async <Result>(step: ListenerSetsArgument["step"], each: number): Promise<Result & Cost> => {
    const before = await reading();
    const argument: ListenerSetsArgument = { step, address, sizes, authority, changes };
    const result = await runInside<Result>(cluster, "listener-sets.ts", argument);
    const after = await reading();
    const bytes = ({ traffic: { received, sent } }: typeof after) => received + sent;
    return {
      ...result,
      controlPlaneCpuMs: (after.controlPlane.cpuMs - before.controlPlane.cpuMs) / each,
      proxiesCpuMs: (after.proxies.cpuMs - before.proxies.cpuMs) / each,
      configurationBytes:
        after.configurationBytes === undefined || before.configurationBytes === undefined
          ? undefined
          : (after.configurationBytes - before.configurationBytes) / each,
      apiBytes: (bytes(after) - bytes(before)) / each,
      api: usageSince(before.api, after.api),
      controlPlane: after.controlPlane,
      proxies: after.proxies,
    };
  };
  const made = await measured<MadeResult>("make", 1);
  const results: ListenerSetsResult["changes"][number][] = [];
  for (const kind of kinds) results.push({ kind, ...(await measured<ChangesResult>(kind, changes)) });
  return { made, changes: results };
}

function madeRow(name: string, made: MadeResult & Cost): readonly string[] {
  const { statusWrites = {} } = made.api ?? {};
  const status = ["listenersets", "gateways", "httproutes"].map((resource) => statusWrites[resource] ?? 0).join(", ");
  return [
    name,
    made.writing.toFixed(1),
    made.sinceFirst?.toFixed(1) ?? `never (${made.right} are)`,
    made.sinceLast?.toFixed(1) ?? "",
    String(made.unserved),
    (made.controlPlaneCpuMs / 1_000).toFixed(1),
    `${made.controlPlane.rssMiB.toFixed(0)} (${made.controlPlane.peakRssMiB.toFixed(0)})`,
    (made.proxiesCpuMs / 1_000).toFixed(1),
    made.proxies.rssMiB.toFixed(0),
    inThousands(made.configurationBytes, 1e6),
    inThousands(made.apiBytes, 1e6),
    String(made.api?.writes ?? ""),
    made.api === undefined ? "" : status,
  ];
}

function changeRow(name: string, change: ListenerSetsResult["changes"][number]): readonly string[] {
  const { kind, latencies, closedConnections, api } = change;
  const statusWrites = sum(Object.values(api?.statusWrites ?? {}));
  return [
    name,
    { route: "a route", certificate: "a certificate", set: "a new ListenerSet" }[kind],
    mean(latencies).toFixed(1),
    Math.max(...latencies).toFixed(1),
    change.controlPlaneCpuMs.toFixed(1),
    change.proxiesCpuMs.toFixed(1),
    inThousands(change.configurationBytes, 1e3),
    inThousands(change.apiBytes, 1e3),
    api === undefined ? "" : (statusWrites / changes).toFixed(1),
    String(closedConnections),
  ];
}

function inThousands(value: number | undefined, unit: number): string {
  return value === undefined ? "" : (value / unit).toFixed(1);
}

function limits({ made, changes: measured }: ListenerSetsResult): readonly Limit[] {
  const bytes = (kind: ChangeKind) => measured.find((one) => one.kind === kind)?.configurationBytes ?? Number.NaN;
  const written = (resource: string) => made.api?.statusWrites[resource] ?? 0;
  return [
    { what: "hosts that are not served", value: made.unserved, atMost: 0 },
    { what: "ListenerSets whose status is not right", value: sizes.namespaces * sizes.sets - made.right, atMost: 0 },
    {
      what: "connections of other hosts that a change closed",
      value: sum(measured.map((one) => one.closedConnections)),
      atMost: 0,
      ...(measured.some((one) => one.openConnections === 0) && { noVerdict: "there were none: more teams are needed" }),
    },
    {
      what: "longest change, s",
      value: Math.max(...measured.flatMap(({ latencies }) => latencies)) / 1_000,
      atMost: 10,
    },
    { what: "configuration that a route's change sends, KB", value: bytes("route") / 1e3, atMost: 5 },
    { what: "configuration that a certificate's renewal sends, KB", value: bytes("certificate") / 1e3, atMost: 8 },
    ...(made.api === undefined
      ? []
      : [
          {
            // Its status counts the ListenerSets, which come one after the other: it is written now and then, not for each.
            what: "status writes of the Gateway: 50, or one a second if making them takes longer",
            value: written("gateways"),
            atMost: Math.max(50, made.sinceFirst ?? 0),
          },
          {
            // It comes before its routes, and its status counts them.
            what: "status writes for a ListenerSet",
            value: written("listenersets") / (sizes.namespaces * sizes.sets),
            atMost: 2,
          },
          {
            what: "status writes for a route",
            value: written("httproutes") / (sizes.namespaces * sizes.sets * sizes.routes),
            atMost: 1,
          },
        ]),
  ];
}
