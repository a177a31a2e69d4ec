import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { sum } from "./statistics.ts";

const execute = promisify(execFile);

/** In microseconds, the kernel's work for a thread included. */
export interface ProcessorTime {
  /** Of all threads. */
  readonly total: number;
  /** Of the threads that processes began with: of an Envoy, the one that takes configuration and serves no requests. */
  readonly main: number;
}

/** What processes have used so far. Linux only. */
export async function processorTime(pids: readonly number[]): Promise<ProcessorTime> {
  const each = await Promise.all(
    pids.map(async (pid) => {
      const threads = await readdir(`/proc/${pid}/task`);
      return await Promise.all(
        threads.map(async (thread) => ({ time: await timeOf(pid, thread), isMain: Number(thread) === pid })),
      );
    }),
  );
  const threads = each.flat();
  return {
    total: sum(threads.map(({ time }) => time)),
    main: sum(threads.filter(({ isMain }) => isMain).map(({ time }) => time)),
  };
}

/** The scheduler counts in nanoseconds, where /proc/PID/stat has hundredths of a second. */
async function timeOf(pid: number, thread: string): Promise<number> {
  const counts = await readFile(`/proc/${pid}/task/${thread}/schedstat`, "utf8");
  return Number(counts.split(" ")[0]) / 1_000;
}

/** A process and those that it has started, and so on. */
export async function family(pid: number): Promise<readonly number[]> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).split(" ").filter((id) => id !== "");
  return [pid, ...(await Promise.all(children.map(async (child) => await family(Number(child))))).flat()];
}

/** Processors that this process may use, by number. */
export async function processors(): Promise<readonly number[]> {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(await readFile("/proc/self/status", "utf8"))?.[1] ?? "0";
  return list.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}

/** Binds all threads of processes, and those that they will start, to processors. */
export async function bind(pids: readonly number[], to: readonly number[]): Promise<void> {
  for (const pid of pids) await execute("taskset", ["--all-tasks", "--cpu-list", "--pid", to.join(), String(pid)]);
}
