/**
 * Makes HTTPRoutes one after the other, and asks for each until it is served.
 *
 *     KUBECONFIG=… node route-probe.ts '{"address": "10.97.0.1", "milestones": [10, 1000], "probes": 40, …}'
 */
import { Agent, get, type IncomingMessage } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import type { ApiObject } from "../../../src/kubernetes/api-object.ts";
import { type ReflectedChange, Reflector } from "../../../src/kubernetes/reflector.ts";
import { isAccepted } from "../../harness/accepted.ts";
import { resourceFor } from "../../harness/api-resources.ts";
import { gateway, httpRoute } from "../../harness/objects.ts";
import { type ProcessUsage, usageOf } from "../../harness/processes.ts";
import { untilQuiet } from "../../harness/quiet.ts";
import { createObjects } from "../../harness/write-objects.ts";
import { administrator } from "./client.ts";

export interface RouteProbeArgument {
  /** The Gateway's. */
  readonly address: string;
  /** How many routes there are when probes begin, at each. */
  readonly milestones: readonly number[];
  /** At each milestone. */
  readonly probes: number;
  /** Whether to wait, before probes begin, until the control plane and the proxies have come to rest; not where others change things. */
  readonly fromRest: boolean;
  /** The beginning of the routes' names, so that several runs can follow each other. */
  readonly prefix: string;
  /** Process ids. */
  readonly controlPlane: readonly number[];
  readonly proxies: readonly number[];
}

/** What probes at one number of routes gave. */
export interface Milestone {
  /** Of the routes of this run, when probes began. */
  readonly routes: number;
  /** Whether all was at rest then. */
  readonly rested: boolean;
  /** From the API server's answer till a request was answered with 200, in milliseconds; in order. */
  readonly latencies: readonly number[];
  /** The same from when the API server was asked. */
  readonly sinceRequest: readonly number[];
  /** How many answers were neither 404 nor 200, by status; `none` where there was no answer. */
  readonly errors: Readonly<Record<string, number>>;
  /** Probes that were given up. */
  readonly unserved: number;
  /** Milliseconds of processor time for each probe: writing its status and asking for it are in it. */
  readonly controlPlaneCpuMs: number;
  readonly proxiesCpuMs: number;
  readonly controlPlane: ProcessUsage;
  readonly proxies: ProcessUsage;
}

const pollMs = 5;
// After this time of 404 it is given up; gateway-api-bench asks 10,000 times, with pauses of 5 ms.
const patienceMs = 60_000;
const bulkPatienceMs = 600_000;
/** What bulk writes lead to afterwards is not to be measured; where there is never rest. */
const settleMs = 10_000;

const argument: RouteProbeArgument = JSON.parse(process.argv[2] ?? "");
const { address, prefix, controlPlane, proxies } = argument;
const client = administrator();
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const milestones: Milestone[] = [];
let made = 0;
let rested = false;
if (argument.milestones[0] === 0) await rest();
for (const routes of argument.milestones) {
  if (routes > made) await makeInBulk(routes);
  // Where each route is probed, one follows the other.
  else if (made > 0) rested = false;
  milestones.push({ rested, ...(await probe(argument.probes)) });
}
client.close();
agent.destroy();
console.log(JSON.stringify(milestones));

/** Makes routes until there are so many, and waits until all are accepted, the last is served, and things have come to rest. */
async function makeInBulk(upTo: number): Promise<void> {
  console.error(`making ${upTo - made} routes`);
  const started = performance.now();
  await createObjects(client, range(made, upTo).map(routeOf));
  made = upTo;
  const seconds = () => ((performance.now() - started) / 1000).toFixed(1);
  console.error(`they are made after ${seconds()} s`);
  const deadline = performance.now() + bulkPatienceMs;
  while ((await ask(upTo - 1)) !== "200") {
    if (performance.now() > deadline) throw new Error("the last of many routes is not served after ten minutes");
    await wait(100);
  }
  console.error(`the last is served after ${seconds()} s`);
  await untilAccepted(upTo, deadline);
  console.error(`all are accepted after ${seconds()} s`);
  await rest();
}

async function rest(): Promise<void> {
  if (!argument.fromRest) {
    await wait(settleMs);
    return;
  }
  rested = await untilQuiet([...controlPlane, ...proxies]);
  if (!rested) console.error("it does not come to rest");
}

async function untilAccepted(count: number, deadline: number): Promise<void> {
  const accepted = new Set<string>();
  const watching = new AbortController();
  const apply = (changes: readonly ReflectedChange[]) => {
    for (const { key, object } of changes) {
      if (object?.metadata.name.startsWith(`${prefix}-`) && isAccepted(object)) accepted.add(key);
    }
  };
  const { namespace } = gateway;
  const following = new Reflector({ client, resource: resourceFor(routeOf(0)), namespace, apply }).run(watching.signal);
  while (accepted.size < count) {
    if (performance.now() > deadline)
      throw new Error(`${accepted.size} of ${count} routes are accepted after ten minutes`);
    await wait(100);
  }
  watching.abort();
  await following;
}

async function probe(count: number): Promise<Omit<Milestone, "rested">> {
  const before = await usages();
  const [routes, latencies, sinceRequest, errors] = [made, [] as number[], [] as number[], new Map<string, number>()];
  for (const index of range(made, made + count)) {
    const asked = performance.now();
    await createObjects(client, [routeOf(index)]);
    const answered = performance.now();
    const servedAt = await untilServed(index, (status) => errors.set(status, (errors.get(status) ?? 0) + 1));
    if (servedAt === undefined) continue;
    latencies.push(servedAt - answered);
    sinceRequest.push(servedAt - asked);
  }
  made += count;
  const after = await usages();
  return {
    routes,
    latencies,
    sinceRequest,
    errors: Object.fromEntries(errors),
    unserved: count - latencies.length,
    controlPlaneCpuMs: (after.controlPlane.cpuMs - before.controlPlane.cpuMs) / count,
    proxiesCpuMs: (after.proxies.cpuMs - before.proxies.cpuMs) / count,
    ...after,
  };
}

async function usages() {
  return { controlPlane: await usageOf(controlPlane), proxies: await usageOf(proxies) };
}

async function untilServed(index: number, failed: (status: string) => void): Promise<number | undefined> {
  const deadline = performance.now() + patienceMs;
  while (performance.now() < deadline) {
    const status = await ask(index);
    if (status === "200") return performance.now();
    if (status !== "404") failed(status);
    await wait(pollMs);
  }
  return undefined;
}

/** The status of an answer; `none` if there is none. */
async function ask(index: number): Promise<string> {
  const options = { host: address, path: `/${index}`, headers: { host: hostOf(index) }, agent };
  const response = await new Promise<IncomingMessage | undefined>((resolve) => {
    get(options, resolve).on("error", () => resolve(undefined));
  });
  if (response === undefined) return "none";
  response.resume();
  await new Promise<void>((resolve) => response.on("close", resolve));
  return String(response.statusCode);
}

function hostOf(index: number): string {
  return `${prefix}-${index}.example.com`;
}

/** Two rules, as gateway-api-bench has them: the second leads to a Service that doesn't exist. */
function routeOf(index: number): ApiObject {
  const name = `${prefix}-${index}`;
  const rule = (path: string, backend: string) => ({
    matches: [{ path: { type: "PathPrefix", value: path } }],
    filters: [
      {
        type: "RequestHeaderModifier",
        requestHeaderModifier: { add: [{ name: "added-header", value: "added-value" }] },
      },
      {
        type: "ResponseHeaderModifier",
        responseHeaderModifier: { add: [{ name: "added-resp-header", value: "added-resp-value" }] },
      },
    ],
    backendRefs: [{ name: backend, port: 80 }],
  });
  const rules = [rule(`/${index}`, "backend"), rule("/", "invalid-backend")];
  return httpRoute({ namespace: gateway.namespace, name }, hostOf(index), rules);
}

function range(start: number, end: number): readonly number[] {
  return Array.from({ length: end - start }, (_, index) => start + index);
}
