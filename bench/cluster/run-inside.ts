import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestCluster } from "../../test/cluster/cluster.ts";
import { progress } from "../harness/progress.ts";

/** A program in the cluster's network. */
export interface Inside<Result> {
  /** What it printed last, as JSON, when it ended. */
  readonly result: Promise<Result>;
  /** Resolves when it has printed this line. Rejects if it ends before. */
  readonly said: (line: string) => Promise<void>;
  /** Tells it, by a line on its standard input. */
  readonly tell: (line: string) => void;
  /** Ends its standard input, at which one that goes on comes to its end. It does so, too, when this process ends. */
  readonly end: () => Promise<Result>;
}

/**
 * Starts a program of `inside/` in the cluster's network, with KUBECONFIG set. Its argument is JSON; what it says on standard
 * error is progress, and what it prints is its result.
 */
export function startInside<Result>(
  cluster: Pick<TestCluster, "commandLine" | "kubeconfig">,
  script: string,
  argument: object,
): Inside<Result> {
  const path = join(import.meta.dirname, "inside", script);
  const [program = "", ...args] = cluster.commandLine([process.execPath, path, JSON.stringify(argument)]);
  const child = spawn(program, args, { stdio: "pipe", env: { ...process.env, KUBECONFIG: cluster.kubeconfig } });
  child.stdin.on("error", () => {});
  createInterface({ input: child.stderr }).on("line", progress);
  const printed: string[] = [];
  const lines = createInterface({ input: child.stdout }).on("line", (line) => printed.push(line));
  const ended = new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
  const result = ended.then((code): Result => {
    if (code !== 0) throw new Error(`${script} ended with ${code}`);
    return JSON.parse(printed.at(-1) ?? "null");
  });
  // Whoever awaits it is told; until then it is no unhandled rejection.
  result.catch(() => {});
  return {
    result,
    said: async (wanted) => {
      while (!printed.includes(wanted)) {
        const last = await Promise.race([once(lines, "line").then(() => false), ended.then(() => true)]);
        if (last && !printed.includes(wanted)) throw new Error(`${script} ended without a word of "${wanted}"`);
      }
    },
    tell: (line) => child.stdin.write(`${line}\n`),
    end: () => {
      child.stdin.end();
      return result;
    },
  };
}

/** Runs a program of `inside/` and gives what it printed. */
export async function runInside<Result>(
  cluster: Pick<TestCluster, "commandLine" | "kubeconfig">,
  script: string,
  argument: object,
): Promise<Result> {
  return await startInside<Result>(cluster, script, argument).result;
}
