/**
 * Changes an HTTPRoute again and again, and looks at every answer meanwhile.
 *
 *     KUBECONFIG=… node route-change.ts '{"address": "10.97.0.1", "changes": 50, "reorder": false}'
 */
import { setTimeout as wait } from "node:timers/promises";
import { resourceFor } from "../../harness/api-resources.ts";
import { gateway, httpRoute } from "../../harness/objects.ts";
import { createObjects } from "../../harness/write-objects.ts";
import { administrator } from "./client.ts";
import { type Answer, type Asked, connection } from "./connection.ts";
import { hostname, type Step, steps } from "./route-steps.ts";

export interface RouteChangeArgument {
  /** The Gateway's. */
  readonly address: string;
  readonly changes: number;
  /** Of rules alone, which wins stays the same. */
  readonly reorder: boolean;
}

export interface RouteChangeResult {
  readonly requests: number;
  readonly seconds: number;
  /** Answers that were not 200, by status; `none` where there was none. */
  readonly failed: Readonly<Record<string, number>>;
  /** Answers that are of no configuration that there ever was, by what they said. */
  readonly mixed: Readonly<Record<string, number>>;
  /** Answers of a configuration before the last two, in whole: a thread of a proxy has not heard of the last for 200 ms. */
  readonly late: number;
  /** From the API server's answer to the first of the new configuration, in milliseconds; one for each change that was seen. */
  readonly latencies: readonly number[];
  /** Changes that were given up. */
  readonly unseen: number;
}

const connections = 16;
const pauseMs = 5;
const graceMs = 200;
const patienceMs = 60_000;

const { address, changes, reorder }: RouteChangeArgument = JSON.parse(process.argv[2] ?? "");
const all = steps(reorder, changes + 1);
const client = administrator();
const name = { namespace: gateway.namespace, name: "changing" };
const route = (step: Step) => httpRoute(name, hostname, step.rules);
const failed = new Map<string, number>();
const mixed = new Map<string, number>();
const latencies: number[] = [];
let requests = 0;
let late = 0;
let unseen = 0;
/** Of the configuration that the API server was given last. */
let current = 0;
const done = new AbortController();

await createObjects(client, [route(stepAt(0))]);
if (!(await seen(0))) throw new Error("the route is not served after a minute");
await wait(1_000);
const started = performance.now();
const load = [
  ...Array.from({ length: connections }, (_, index) => loop(index, pauseMs)),
  // As fast as it can.
  loop(0, 0),
];
for (let index = 1; index <= changes; index++) {
  await wait(graceMs);
  current = index;
  await client.mergePatch(resourceFor(route(stepAt(index))), name, { spec: { rules: stepAt(index).rules } });
  const answered = performance.now();
  if (await seen(index)) latencies.push(performance.now() - answered);
  else unseen += 1;
}
await wait(graceMs);
done.abort();
await Promise.all(load);
const seconds = (performance.now() - started) / 1000;
client.close();
const result: RouteChangeResult = {
  requests,
  seconds,
  failed: Object.fromEntries(failed),
  mixed: Object.fromEntries(mixed),
  late,
  latencies,
  unseen,
};
console.log(JSON.stringify(result));

/** Asks over one connection, one request after the other, and judges the answers. */
async function loop(first: number, pause: number): Promise<void> {
  const { ask, close } = connection(address);
  for (let index = first; !done.signal.aborted; index++) {
    const { requests: kinds } = stepAt(current);
    const kind = index % kinds.length;
    // A change may come to one of the proxy's threads a little later than to another.
    const from = Math.max(0, current - 1);
    const answer = await ask(kinds[kind]?.asked ?? { path: "/", host: hostname });
    const answersOf = (some: readonly Step[]) => some.flatMap((step) => step.requests[kind]?.answers ?? []);
    judge(answer, new Set(answersOf(all.slice(from, current + 1))), new Set(answersOf(all.slice(0, from))));
    if (pause > 0) await wait(pause);
  }
  close();
}

function judge({ status, said }: Answer, allowed: ReadonlySet<string>, before: ReadonlySet<string>): void {
  requests += 1;
  if (status !== "200") failed.set(status, (failed.get(status) ?? 0) + 1);
  else if (!allowed.has(said) && before.has(said)) late += 1;
  else if (!allowed.has(said)) mixed.set(said, (mixed.get(said) ?? 0) + 1);
}

/** Waits for an answer that only this configuration gives. */
async function seen(index: number): Promise<boolean> {
  const { asked, answers } = stepAt(index).sign;
  const { ask, close } = connection(address);
  const deadline = performance.now() + patienceMs;
  let found = false;
  while (!found && performance.now() < deadline) {
    found = await isOf(ask, asked, answers);
    if (!found) await wait(1);
  }
  close();
  return found;
}

async function isOf(
  ask: (asked: Asked) => Promise<Answer>,
  asked: Asked,
  answers: readonly string[],
): Promise<boolean> {
  const { status, said } = await ask(asked);
  return status === "200" && answers.includes(said);
}

function stepAt(index: number): Step {
  const step = all[index];
  if (step === undefined) throw new Error(`there is no configuration ${index}`);
  return step;
}
