import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { cpuMsOf, usageOf } from "./processes.ts";

/** CPU in milliseconds since {@link GatewrightProcess.mark}, and resident memory in megabytes. */
export interface Usage {
  readonly ownCpu: number;
  /** Envoy's main thread, which applies configuration; requests are served by others. */
  readonly envoyCpu: number;
  readonly ownMemory: number;
  readonly envoyMemory: number;
}

/** `bin/gatewright run` as a user starts it. */
export interface GatewrightProcess {
  /** Throws if it has ended. To be awaited in loops that wait for it. */
  readonly alive: () => Promise<void>;
  readonly mark: () => Promise<void>;
  readonly usage: () => Promise<Usage>;
  /** Process ids of its Envoy. */
  readonly envoys: () => Promise<readonly number[]>;
  /** Those of its own: the launcher, itself and its watchdog. */
  readonly own: () => Promise<readonly number[]>;
  /** Envoy's metrics in Prometheus' format. */
  readonly envoyMetrics: () => Promise<string>;
  /** All objects of a kind with their status, as JSON. */
  readonly resources: (kind: string) => Promise<string>;
  readonly stop: () => Promise<void>;
}

export async function startGatewright(args: readonly string[]): Promise<GatewrightProcess> {
  const command = join(import.meta.dirname, "../../bin/gatewright");
  const admin = await freePort();
  const child = spawn(command, ["run", ...args, "--admin-address", `127.0.0.1:${admin}`, "--log-level", "warn"], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  const end = () => child.kill("SIGTERM");
  // A benchmark that is interrupted leaves nothing that would be in the figures of the next.
  process.once("exit", end);
  const ask = async (path: string): Promise<string> => await (await fetch(`http://127.0.0.1:${admin}${path}`)).text();
  let marked: readonly [number, number] = [0, 0];
  return {
    alive: () => {
      if (child.exitCode !== null) throw new Error(`gatewright ended with code ${child.exitCode}`);
      return Promise.resolve();
    },
    mark: async () => {
      marked = await cpu(child);
    },
    usage: async () => {
      const [own, envoy] = await cpu(child);
      const processes = await processesOf(child);
      return {
        ownCpu: own - marked[0],
        envoyCpu: envoy - marked[1],
        ownMemory: (await usageOf(processes.own)).rssMiB,
        envoyMemory: (await usageOf(processes.envoy)).rssMiB,
      };
    },
    envoys: async () => (await processesOf(child)).envoy,
    own: async () => (await processesOf(child)).own,
    envoyMetrics: async () => await ask("/metrics/envoy"),
    resources: async (kind) => await ask(`/api/v1/resources?kind=${kind}`),
    stop: async () => {
      process.off("exit", end);
      if (child.exitCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function cpu(child: ChildProcess): Promise<readonly [own: number, envoyMain: number]> {
  const { own, envoy } = await processesOf(child);
  return [
    await cpuOfAll(own.map((pid) => `/proc/${pid}/stat`)),
    await cpuOfAll(envoy.map((pid) => `/proc/${pid}/task/${pid}/stat`)),
  ];
}

async function cpuOfAll(stats: readonly string[]): Promise<number> {
  return (await Promise.all(stats.map(cpuMsOf))).reduce((total, value) => total + value, 0);
}

/** The launcher, Gatewright and its watchdog on one side, Envoy on the other. */
async function processesOf(
  child: ChildProcess,
): Promise<{ readonly own: readonly number[]; readonly envoy: readonly number[] }> {
  const parents = new Map<number, number>();
  const names = new Map<number, string>();
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = await readFile(`/proc/${entry}/stat`, "utf8");
      names.set(Number(entry), /\((.*)\)/s.exec(stat)?.[1] ?? "");
      parents.set(Number(entry), Number(stat.replace(/^.*\) /s, "").split(" ")[1]));
    } catch {
      // It has ended meanwhile.
    }
  }
  const descends = (pid: number): boolean => pid === child.pid || (parents.has(pid) && descends(parents.get(pid) ?? 0));
  const family = [...parents.keys()].filter(descends);
  const isEnvoy = (pid: number) => names.get(pid)?.startsWith("envoy") === true;
  return { own: family.filter((pid) => !isEnvoy(pid)), envoy: family.filter(isEnvoy) };
}
