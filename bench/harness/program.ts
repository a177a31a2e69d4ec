import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** A program that a benchmark has started, and that ends with it at the latest. */
export interface Program {
  readonly pid: number;
  /** Throws, with the last that it wrote, if it has ended. */
  readonly alive: () => void;
  readonly stop: () => Promise<void>;
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGTERM");
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

/**
 * Starts a program that runs until it is stopped, in a session of its own, as Gatewright starts its Envoy: Linux shares processors between
 * sessions (sched_autogroup_enabled), so a program that is in the client's gets another share than one that is not.
 */
export function start(command: string, args: readonly string[]): Program {
  const child = spawn(command, args, { detached: true, stdio: ["ignore", "ignore", "pipe"] });
  running.add(child);
  let last = "";
  let failed: Error | undefined;
  child.stderr.on("data", (chunk: Buffer) => {
    last = `${last}${chunk.toString()}`.slice(-2_000);
  });
  child.once("error", (error) => {
    failed = error;
    running.delete(child);
  });
  child.once("exit", () => running.delete(child));
  return {
    pid: child.pid ?? Number.NaN,
    alive: () => {
      if (failed !== undefined) throw failed;
      if (child.exitCode !== null) throw new Error(`${command} ended with code ${child.exitCode}: ${last}`);
    },
    stop: async () => {
      if (!running.has(child)) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}
