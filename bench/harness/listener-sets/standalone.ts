import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { ApiObject } from "../../../src/kubernetes/api-object.ts";
import { gatewright } from "../../cluster/implementations/gatewright.ts";
import type { Outcomes } from "../../cluster/on-each.ts";
import { freePort, startGatewright } from "../gatewright-process.ts";
import { usageOf } from "../processes.ts";
import { progress } from "../progress.ts";
import { type ChangeKind, type ChangesResult, makeChanges, unserved, type World } from "./changes.ts";
import type { Cost, ListenerSetsResult, MadeResult } from "./result.ts";
import { newAuthority, type Sizes, sharedGateway, type Team, Teams } from "./team.ts";

const patienceMs = 600_000;

/** The same with `gatewright run` on a folder in which each team has a file. Everything is written before it starts. */
export async function standalone(
  sizes: Sizes,
  changes: number,
  kinds: readonly ChangeKind[],
): Promise<Outcomes<ListenerSetsResult>> {
  const [atStart = 0] = loadavg();
  const folder = await mkdtemp(join(tmpdir(), "gatewright-listener-sets-"));
  const resources = join(folder, "resources");
  await mkdir(resources);
  const write = async (name: string, items: readonly ApiObject[]): Promise<void> => {
    await writeFile(join(folder, "next.json"), JSON.stringify({ apiVersion: "v1", kind: "List", items }));
    await rename(join(folder, "next.json"), join(resources, `${name}.json`));
  };
  const [http, https] = [await freePort(), await freePort()];
  const teams = await Teams.of(sizes, https, await newAuthority());
  const added = new Map<string, Team>();
  const world: World = {
    address: "127.0.0.1",
    port: https,
    add: async (all) => {
      for (const team of all) {
        added.set(team.hostname, team);
        await write(team.hostname, objectsOf(team));
      }
    },
    change: async (team, changed) => {
      const known = objectsOf(added.get(team.hostname) ?? team);
      const isSame = ({ kind, metadata }: ApiObject) =>
        kind === changed.kind && metadata.name === changed.metadata.name;
      await write(
        team.hostname,
        known.map((object) => (isSame(object) ? changed : object)),
      );
    },
  };
  try {
    progress(`writing ${teams.count} files`);
    const ours = "gatewright.dev/gateway-controller";
    const gatewayClass = {
      apiVersion: gatewayApi,
      kind: "GatewayClass",
      metadata: { name: "bench" },
      spec: { controllerName: ours },
    };
    await write("gateway", [gatewayClass, sharedGateway("bench", http), ...teams.namespaces().filter(isFollowed)]);
    for (let index = 0; index < teams.count; index++) await world.add([await teams.team(index)]);
    progress("starting");
    const started = performance.now();
    const running = await startGatewright([resources]);
    try {
      const missing = async () => {
        await running.alive();
        return await unserved(world, teams);
      };
      const deadline = started + patienceMs;
      while (!(await isListening(running.envoyMetrics)) && performance.now() < deadline) {
        await running.alive();
        await wait(50);
      }
      const sinceFirst = (performance.now() - started) / 1_000;
      const notServed = await missing();
      const right = await countRight(running.resources, sizes.routes);
      const reading = async () => ({
        controlPlane: await usageOf(await running.own()),
        proxies: await usageOf(await running.envoys()),
        configurationBytes: receivedBytes(await running.envoyMetrics()),
      });
      let before = nothing;
      const cost = async (each: number): Promise<Cost> => {
        const after = await reading();
        const per = {
          controlPlaneCpuMs: (after.controlPlane.cpuMs - before.controlPlane.cpuMs) / each,
          proxiesCpuMs: (after.proxies.cpuMs - before.proxies.cpuMs) / each,
          configurationBytes: (after.configurationBytes - before.configurationBytes) / each,
        };
        before = after;
        return { ...per, controlPlane: after.controlPlane, proxies: after.proxies };
      };
      const made: MadeResult & Cost = { writing: 0, sinceFirst, right, unserved: notServed, ...(await cost(1)) };
      const results: (ChangesResult & Cost & { readonly kind: ChangeKind })[] = [];
      for (const kind of kinds) {
        progress(`changes: ${kind}`);
        before = await reading();
        const changed = await makeChanges(world, teams, kind, changes);
        results.push({ kind, ...changed, ...(await cost(changes)) });
      }
      const loadAverage = { atStart, atEnd: loadavg()[0] ?? 0 };
      return { outcomes: [{ implementation: gatewright, result: { made, changes: results }, loadAverage }], notes: [] };
    } finally {
      await running.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const gatewayApi = "gateway.networking.k8s.io/v1";
const none = { cpuMs: 0, rssMiB: 0, peakRssMiB: 0 };
const nothing = { controlPlane: none, proxies: none, configurationBytes: 0 };

function objectsOf({ secret, listenerSet, routes }: Team): readonly ApiObject[] {
  return [secret, listenerSet, ...routes];
}

function isFollowed({ kind }: ApiObject): boolean {
  return kind === "Namespace" || kind === "Service";
}

/** Whether Envoy has its first listeners; it gets them all at once. */
async function isListening(metrics: () => Promise<string>): Promise<boolean> {
  const text = await metrics().catch(() => "");
  return Number(/^envoy_listener_manager_total_listeners_active\S* (\d+)/m.exec(text)?.[1] ?? 0) > 2;
}

/** ListenerSets that are accepted, programmed and count their routes right. */
async function countRight(resources: (kind: string) => Promise<string>, routes: number): Promise<number> {
  const objects: readonly { readonly status?: unknown }[] = JSON.parse(await resources("ListenerSet"));
  return objects.filter(({ status }) => {
    const text = JSON.stringify(status ?? {});
    const isTrue = (type: string) => text.includes(`"type":"${type}","status":"True"`);
    return isTrue("Accepted") && isTrue("Programmed") && text.includes(`"attachedRoutes":${routes},`);
  }).length;
}

/** What Envoy has received from its xDS server. */
function receivedBytes(metrics: string): number {
  return Number(/^envoy_cluster_upstream_cx_rx_bytes_total\{envoy_cluster_name="xds"\} (\d+)/m.exec(metrics)?.[1]);
}
