/**
 * Makes many HTTPRoutes on one Gateway and deletes them again, and watches the count in the Gateway's status.
 *
 *     KUBECONFIG=… node attached-routes.ts '{"routes": 1000, "controlPlane": [PID], "folder": "…"}'
 */
import { setTimeout as wait } from "node:timers/promises";
import type { ApiObject } from "../../../src/kubernetes/api-object.ts";
import { type ReflectedChange, Reflector } from "../../../src/kubernetes/reflector.ts";
import { isAccepted } from "../../harness/accepted.ts";
import { resourceFor } from "../../harness/api-resources.ts";
import { gateway, gatewayObject, httpRoute, service } from "../../harness/objects.ts";
import { usageOf } from "../../harness/processes.ts";
import { createObjects, deleteObjects } from "../../harness/write-objects.ts";
import { type ApiUsage, apiUsage, usageSince } from "../api-usage.ts";
import { administrator } from "./client.ts";

export interface AttachedRoutesArgument {
  readonly routes: number;
  /** Process ids. */
  readonly controlPlane: readonly number[];
  /** Of the cluster, for its audit log. */
  readonly folder: string;
}

/** Up (routes are made) or down (they are deleted). */
export interface AttachedRoutesPhase {
  /** How long the API server took to be told of all routes. */
  readonly writing: number;
  /**
   * From the first write, and from the answer to the last, until the count is right; in seconds. Undefined if it never was. Less than
   * how often we look is not told.
   */
  readonly sinceFirst: number | undefined;
  readonly sinceLast: number | undefined;
  /** Until a watch of this program was told of the last route, since the answer to the last write: nobody can know it sooner. */
  readonly told: number | undefined;
  /** Until every route, too, says that it is accepted, since the answer to the last write; up only. */
  readonly accepted: number | undefined;
  /** How many different statuses of the Gateway a watch was told of. */
  readonly statusesSeen: number;
  readonly api: ApiUsage;
  /** Processor time of the control plane. */
  readonly cpuSeconds: number;
}

export interface AttachedRoutesResult {
  readonly up: AttachedRoutesPhase;
  readonly down: AttachedRoutesPhase;
}

// Long enough for one that writes after the fact, too.
const afterwardsMs = 5_000;
const patienceMs = 600_000;
/** How often we look. */
const pollMs = 5;

const { routes: count, controlPlane, folder }: AttachedRoutesArgument = JSON.parse(process.argv[2] ?? "");
const client = administrator();
const stop = new AbortController();
const names = Array.from({ length: count }, (_, index) => ({ namespace: gateway.namespace, name: `app-${index}` }));
const routes = names.map((name) => {
  const rules = [{ backendRefs: [{ name: name.name, port: 80 }] }];
  return httpRoute(name, `${name.name}.example.com`, rules);
});

let attached = -1;
let statuses = 0;
let previous = "";
const accepted = new Set<string>();
const known = new Set<string>();
follow(gatewayObject(""), `metadata.name=${gateway.name}`, ({ object }) => {
  const text = JSON.stringify(object?.["status"] ?? {});
  if (text === previous) return;
  previous = text;
  statuses += 1;
  attached = attachedRoutesOf(text);
});
follow(httpRoute(gateway, "example.com", []), undefined, ({ key, object }) => {
  if (object === undefined) known.delete(key);
  else known.add(key);
  if (object !== undefined && isAccepted(object)) accepted.add(object.metadata.name);
});

console.error(`making ${count} Services`);
await createObjects(client, names.map(service));
await wait(2_000);
console.error(`making ${count} HTTPRoutes`);
const up = await phase(() => createObjects(client, routes), count);
console.error(`deleting them`);
const down = await phase(() => deleteObjects(client, routes), 0);
stop.abort();
client.close();
console.log(JSON.stringify({ up, down } satisfies AttachedRoutesResult));
process.exit();

async function phase(write: () => Promise<void>, wanted: number): Promise<AttachedRoutesPhase> {
  const cpuBefore = (await usageOf(controlPlane)).cpuMs;
  const apiBefore = apiUsage({ folder });
  const statusesBefore = statuses;
  const first = performance.now();
  const [last, countedAt, toldAt, acceptedAt] = await Promise.all([
    write().then(() => performance.now()),
    until(() => attached === wanted),
    until(() => known.size === wanted),
    wanted === 0 ? undefined : until(() => accepted.size >= wanted),
  ]);
  await wait(afterwardsMs);
  const since = (at: number) => (countedAt === undefined ? undefined : seconds(Math.max(pollMs, countedAt - at)));
  return {
    writing: seconds(last - first),
    sinceFirst: since(first),
    sinceLast: since(last),
    told: toldAt === undefined ? undefined : seconds(Math.max(0, toldAt - last)),
    accepted: acceptedAt === undefined ? undefined : seconds(Math.max(pollMs, acceptedAt - last)),
    statusesSeen: statuses - statusesBefore,
    api: usageSince(apiBefore, apiUsage({ folder })),
    cpuSeconds: seconds((await usageOf(controlPlane)).cpuMs - cpuBefore),
  };
}

function seconds(milliseconds: number): number {
  return milliseconds / 1000;
}

/** When it was so; undefined if it isn't in time. */
async function until(isSo: () => boolean): Promise<number | undefined> {
  const deadline = performance.now() + patienceMs;
  while (!isSo()) {
    if (performance.now() > deadline) return undefined;
    await wait(pollMs);
  }
  return performance.now();
}

/** Tells of all objects of a kind in the Gateway's namespace, and again as they change. */
function follow(example: ApiObject, fieldSelector: string | undefined, seen: (change: ReflectedChange) => void): void {
  const apply = (changes: readonly ReflectedChange[]) => changes.forEach(seen);
  const { namespace } = gateway;
  const reflector = new Reflector({ client, resource: resourceFor(example), namespace, fieldSelector, apply });
  void reflector.run(stop.signal);
}

function attachedRoutesOf(status: string): number {
  const found = /"attachedRoutes":(\d+)/.exec(status);
  return found === null ? -1 : Number(found[1]);
}
