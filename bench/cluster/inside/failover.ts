/**
 * Asks a path after the other, over one connection for each variant, while a pod goes up and down.
 *
 *     node failover.ts '{"address": "10.97.0.1", "hosts": ["default.example.com"], "paths": 256, "pods": {"backend-0": "10.244.0.9"}}'
 *
 * Told `down`, `up` or any other word, it counts under that word from then on. Prints what it counted when its standard input ends.
 */
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { connection } from "./connection.ts";

export interface FailoverArgument {
  /** The Gateway's. */
  readonly address: string;
  /** Of the variants. */
  readonly hosts: readonly string[];
  readonly paths: number;
  /** Addresses of the pods that are always up, by name: they tell how often they are asked for their health. */
  readonly pods: Readonly<Record<string, string>>;
}

/** What a variant's requests came to, under one word. */
export interface Count {
  /** With 200, by pod. */
  readonly answered: Readonly<Record<string, number>>;
  /** By status; `none` where there was no answer. */
  readonly failed: Readonly<Record<string, number>>;
}

export interface FailoverResult {
  /** By host, then by what it was told, in its order. */
  readonly counts: Readonly<Record<string, readonly (Count & { readonly phase: string })[]>>;
  /** How often a pod was asked for its health in a second, by pod. */
  readonly checksPerSecond: Readonly<Record<string, number>>;
}

const everyMs = 5;
const patienceMs = 120_000;

const { address, hosts, paths, pods }: FailoverArgument = JSON.parse(process.argv[2] ?? "");

for (const host of hosts) await untilServed(host);
const words: string[] = ["up"];
const counts = hosts.map((host) => ({ host, phases: [emptyPhase("up")] }));
const ended = new AbortController();
const before = await checks();
const started = performance.now();
const load = counts.map(loop);
console.log("ready");
const input = createInterface({ input: process.stdin });
input.on("line", (word) => {
  words.push(word);
  for (const { phases } of counts) phases.push(emptyPhase(word));
});
await once(input, "close");
ended.abort();
await Promise.all(load);
const seconds = (performance.now() - started) / 1000;
const after = await checks();
const result: FailoverResult = {
  counts: Object.fromEntries(counts.map(({ host, phases }) => [host, phases])),
  checksPerSecond: Object.fromEntries(
    Object.keys(pods).map((pod) => [pod, ((after[pod] ?? 0) - (before[pod] ?? 0)) / seconds]),
  ),
};
console.log(JSON.stringify(result));

function emptyPhase(phase: string) {
  return { phase, answered: {} as Record<string, number>, failed: {} as Record<string, number> };
}

/** As gateway-api-bench does it: the next request when the last is answered, and not before its time. */
async function loop({ host, phases }: (typeof counts)[number]): Promise<void> {
  const { ask, close } = connection(address);
  let next = performance.now();
  for (let index = 0; !ended.signal.aborted; index++) {
    const { status, pod } = await ask({ host, path: `/${index % paths}` });
    const phase = phases.at(-1);
    if (phase !== undefined) {
      const [group, key] = status === "200" ? [phase.answered, pod] : [phase.failed, status];
      group[key] = (group[key] ?? 0) + 1;
    }
    // Like a ticker of Go, which drops what nobody waits for.
    const now = performance.now();
    next = Math.max(next + everyMs, now - everyMs);
    if (next > now) await wait(next - now);
  }
  close();
}

async function untilServed(host: string): Promise<void> {
  const { ask, close } = connection(address);
  const deadline = performance.now() + patienceMs;
  for (let index = 0; index < paths; ) {
    if ((await ask({ host, path: `/${index}` })).status === "200") index += 1;
    else if (performance.now() > deadline) throw new Error(`${host}/${index} is not served after two minutes`);
    else await wait(50);
  }
  close();
}

/** How often each of the pods was asked for its health. */
async function checks(): Promise<Readonly<Record<string, number>>> {
  const each = Object.entries(pods).map(async ([pod, podAddress]) => {
    const response = await fetch(`http://${podAddress}:8080/checks`);
    return [pod, Number(await response.text())] as const;
  });
  return Object.fromEntries(await Promise.all(each));
}
