import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** Processor time that processes have used so far, all threads and the kernel's work for them, in microseconds. Linux only. */
export async function processorTime(pids: readonly number[]): Promise<number> {
  const threads = (await Promise.all(pids.map(async (pid) => await threadsOf(pid)))).flat();
  // The scheduler counts in nanoseconds, where /proc/PID/stat has hundredths of a second.
  const counts = await Promise.all(threads.map(async (thread) => await readFile(`${thread}/schedstat`, "utf8")));
  return counts.reduce((total, count) => total + Number(count.split(" ")[0]), 0) / 1_000;
}

async function threadsOf(pid: number): Promise<readonly string[]> {
  return (await readdir(`/proc/${pid}/task`)).map((id) => `/proc/${pid}/task/${id}`);
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
