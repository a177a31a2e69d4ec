/**
 * How long endpoints take from the API server to Envoy while a Deployment is rolled, with many routes to its Service; what that
 * costs; and whether requests are lost while pods that drain are replaced. Needs root.
 *
 *     node bench/cluster/endpoint-churn.ts [--routes 10000] [--pods 100] [--rate 500] [--implementations gatewright,…]
 *
 * First 100 pods on fake nodes are replaced. A watch of our own tells when the API server shows that an endpoint is ready, or is
 * not any more (a process that does nothing else, for it has to be in time); the time is from then until Envoy, which is asked every few milliseconds, has it or not (its `/config_dump`).
 * They are replaced once more while nobody asks Envoy, for the cost. Then two pods with a server each are replaced, under a steady
 * load.
 */
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { drainingBackend, namespace as shop } from "../../test/cluster/fixtures/shop.ts";
import { type Answered, steadyLoad } from "../../test/cluster/fixtures/steady-load.ts";
import { clusterOptions, outputOf, sizesOf, text } from "../harness/command-line.ts";
import { atLeast } from "../harness/judge.ts";
import { gateway, rolledService } from "../harness/objects.ts";
import { usageOf } from "../harness/processes.ts";
import { progress } from "../harness/progress.ts";
import { report } from "../harness/report.ts";
import { percentile } from "../harness/statistics.ts";
import { type Acknowledgements, acknowledgements, p99Of } from "./acknowledgements.ts";
import type { AdminInterface } from "./envoy-processes.ts";
import type { FollowEndpointsArgument, FollowEndpointsResult } from "./inside/follow-endpoints.ts";
import type { RollDeploymentArgument, RollDeploymentResult } from "./inside/roll-deployment.ts";
import type { EndpointChange, WatchEndpointSlicesArgument, WatchedPeriod } from "./inside/watch-endpoint-slices.ts";
import { onEach, resultsOf, type Stage } from "./on-each.ts";
import { startInside } from "./run-inside.ts";
import { serveGateway } from "./serve-gateway.ts";

const { values } = parseArgs({
  options: { ...clusterOptions, routes: text("10000"), pods: text("100"), rate: text("500") },
});
const [routes = 0, pods = 0, rate = 0] = [values.routes, values.pods, values.rate].flatMap(sizesOf);

/** What Envoy still has to be told when the API server has shown the last change. */
const settleMs = 3_000;

interface Rolled {
  /** Milliseconds from the API server's event till Envoy has a new endpoint, and till it has lost an old one. */
  readonly came: readonly number[];
  readonly went: readonly number[];
  /** Changes that Envoy never showed. */
  readonly unseen: number;
  /** Changes that Envoy had before our watch, which count as 0 ms, and by how many milliseconds at most. */
  readonly ahead: number;
  readonly mostAheadMs: number;
  readonly pollMs: number;
  /** Events of EndpointSlices, and what each cost. */
  readonly events: number;
  readonly seconds: number;
  readonly controlPlaneCpuMs: number;
  readonly proxiesCpuMs: number;
  readonly bytes: number | undefined;
  /** By our own metric; absent for others. */
  readonly acknowledged: Acknowledgements | undefined;
}

const { outcomes, notes } = await onEach("endpoint-churn", values.implementations, async (stage) => {
  const address = await serveGateway(stage);
  const rolled = await rollFakePods(stage);
  return { rolled, answered: await rollRealPods(stage, address) };
});

const milliseconds = (times: readonly number[], percent: number) => percentile(times, percent).toFixed(1);
await report(outputOf(values.output), {
  benchmark: "endpoint-churn",
  tables: [
    {
      title: `From the API server's event to Envoy: ${pods} pods replaced behind ${routes} routes`,
      headings: [
        "implementation",
        "endpoints",
        "came p50, ms",
        "p99, ms",
        "max, ms",
        "went p50, ms",
        "p99, ms",
        "unseen",
        "before our watch",
        "by at most, ms",
        "poll, ms",
        "acknowledged p99 at most, ms",
      ],
      rows: outcomes.flatMap(({ implementation, result }) => {
        if (result === undefined) return [];
        const { came, went, unseen, ahead, mostAheadMs, pollMs, acknowledged } = result.rolled;
        return [
          [
            implementation.name,
            String(came.length + went.length),
            milliseconds(came, 50),
            milliseconds(came, 99),
            milliseconds(came, 100),
            milliseconds(went, 50),
            milliseconds(went, 99),
            String(unseen),
            String(ahead),
            mostAheadMs.toFixed(1),
            pollMs.toFixed(1),
            acknowledged === undefined ? "" : String(1000 * p99Of(acknowledged)),
          ],
        ];
      }),
    },
    {
      title: "What an event of an EndpointSlice cost, and requests while pods that drain were replaced",
      headings: [
        "implementation",
        "events",
        "rollout, s",
        "control plane CPU, ms",
        "proxy CPU, ms",
        "bytes",
        "requests",
        "a second",
        "lost",
      ],
      rows: outcomes.flatMap(({ implementation, result }) => {
        if (result === undefined) return [];
        const { events, seconds, controlPlaneCpuMs, proxiesCpuMs, bytes } = result.rolled;
        const { sent, succeeded, seconds: loaded } = result.answered;
        return [
          [
            implementation.name,
            String(events),
            seconds.toFixed(1),
            (controlPlaneCpuMs / events).toFixed(1),
            (proxiesCpuMs / events).toFixed(1),
            bytes === undefined ? "" : (bytes / events).toFixed(0),
            String(sent),
            (sent / loaded).toFixed(0),
            String(sent - succeeded),
          ],
        ];
      }),
    },
  ],
  results: resultsOf(outcomes),
  limits: outcomes.flatMap(({ implementation, result }) => {
    if (implementation.id !== "gatewright" || result === undefined) return [];
    const { rolled, answered } = result;
    return [
      { what: "p99 till Envoy has a new endpoint, ms", value: percentile(rolled.came, 99), atMost: 50 },
      { what: "p99 till Envoy has lost an old endpoint, ms", value: percentile(rolled.went, 99), atMost: 50 },
      { what: "changes that Envoy never showed", value: rolled.unseen, atMost: 0 },
      { what: "requests lost while pods were replaced", value: answered.sent - answered.succeeded, atMost: 0 },
      atLeast("requests a second meanwhile", answered.sent / answered.seconds, 0.8 * rate),
    ];
  }),
  notes,
});

async function rollFakePods(stage: Stage): Promise<Rolled> {
  const { cluster, installed, implementation } = stage;
  const argument: RollDeploymentArgument = { routes, pods, nodes: 10 };
  const rolling = startInside<RollDeploymentResult>(cluster, "roll-deployment.ts", argument);
  await rolling.said("ready");
  const { namespace, name: service } = rolledService;
  const watch: WatchEndpointSlicesArgument = { namespace, service };
  const watching = startInside<readonly WatchedPeriod[]>(cluster, "watch-endpoint-slices.ts", watch);
  await watching.said("ready");
  const [proxy] = await installed.proxies();
  if (proxy === undefined) throw new Error("there is no proxy to look at");
  const following = startInside<FollowEndpointsResult>(
    { ...cluster, commandLine: (command) => ["nsenter", `--net=/proc/${proxy}/ns/net`, "--", ...command] },
    "follow-endpoints.ts",
    { admin: requestTo(installed.admin, proxy), clusters: ".*(rolled|/churn-0/).*" } satisfies FollowEndpointsArgument,
  );
  await following.said("ready");
  // What many routes led to is not to be measured.
  await wait(10_000);
  const look = async () => ({
    controlPlane: await usageOf(await installed.controlPlane()),
    proxies: await usageOf(await installed.proxies()),
    bytes: await installed.configurationBytes(),
    acknowledged: implementation.id === "gatewright" ? await acknowledgements(cluster) : undefined,
  });
  progress("rolling the Deployment");
  watching.tell("period");
  await watching.said("period 1");
  rolling.tell("roll");
  await rolling.said("rolled 1");
  await wait(settleMs);
  const followed = await following.end();
  progress("rolling it again");
  watching.tell("period");
  await watching.said("period 2");
  const before = await look();
  rolling.tell("roll");
  await rolling.said("rolled 2");
  await wait(settleMs);
  const after = await look();
  const [, seconds] = await rolling.end();
  const [watched, counted] = await watching.end();
  if (watched === undefined || counted === undefined || seconds === undefined) {
    throw new Error("nothing is known of the rollouts");
  }
  const delays = watched.changes.map((change) => ({ change, ms: delayOf(change, followed.changes) }));
  // Envoy may be ahead of a watch that shows the same event later: that is no time at all.
  const seen = (ready: boolean) =>
    delays.flatMap(({ change, ms }) => (change.ready === ready && ms !== undefined ? Math.max(0, ms) : []));
  const ahead = delays.flatMap(({ ms }) => (ms !== undefined && ms < 0 ? -ms : []));
  return {
    came: seen(true),
    went: seen(false),
    unseen: delays.filter(({ ms }) => ms === undefined).length,
    ahead: ahead.length,
    mostAheadMs: Math.max(0, ...ahead),
    pollMs: followed.pollMs,
    events: counted.events,
    seconds,
    controlPlaneCpuMs: after.controlPlane.cpuMs - before.controlPlane.cpuMs,
    proxiesCpuMs: after.proxies.cpuMs - before.proxies.cpuMs,
    bytes: after.bytes === undefined || before.bytes === undefined ? undefined : after.bytes - before.bytes,
    acknowledged: after.acknowledged && before.acknowledged && since(before.acknowledged, after.acknowledged),
  };
}

function requestTo(admin: AdminInterface, pid: number): FollowEndpointsArgument["admin"] {
  if ("port" in admin) return { host: "127.0.0.1", port: admin.port };
  // The container's files, seen from here.
  return { socketPath: `/proc/${pid}/root${admin.socket}` };
}

/** Below 0 where Envoy was ahead of our watch. */
function delayOf({ address, ready, at }: EndpointChange, seen: readonly EndpointChange[]): number | undefined {
  const same = seen.find((one) => one.address === address && one.ready === ready);
  return same === undefined ? undefined : same.at - at;
}

function since(before: Acknowledgements, after: Acknowledgements): Acknowledgements {
  return new Map([...after].map(([bound, count]) => [bound, count - (before.get(bound) ?? 0)]));
}

async function rollRealPods({ cluster }: Stage, address: string): Promise<Answered> {
  const kubectl = (...args: readonly string[]) => cluster.kubectl(["--namespace=shop", ...args]);
  const rolledOut = () => kubectl("rollout", "status", "deployment/web", "--timeout=180s");
  await cluster.apply(shop, ...drainingBackend("web", 2), {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { namespace: "shop", name: "web" },
    spec: { parentRefs: [{ ...gateway }], rules: [{ backendRefs: [{ name: "web", port: 80 }] }] },
  });
  await rolledOut();
  await untilServed(cluster, address);
  progress("replacing pods under load");
  return await steadyLoad(
    { cluster, address },
    async () => {
      await kubectl("rollout", "restart", "deployment/web");
      await rolledOut();
      // Those that were replaced serve on for some seconds.
      await wait(6_000);
    },
    rate,
  );
}

async function untilServed({ execute }: Stage["cluster"], address: string): Promise<void> {
  const retry = ["--retry", "120", "--retry-delay", "1", "--retry-all-errors"];
  await execute([
    "curl",
    "--silent",
    "--show-error",
    "--fail",
    ...retry,
    "--output",
    "/dev/null",
    `http://${address}/`,
  ]);
}
