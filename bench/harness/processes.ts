import { readFile, writeFile } from "node:fs/promises";

/** Of some processes together. */
export interface ProcessUsage {
  /** Processor time since they started, of all threads, in milliseconds. */
  readonly cpuMs: number;
  /** Resident memory, in MiB. */
  readonly rssMiB: number;
  /** The most that has been resident, in MiB: the sum of each process' own high-water mark. */
  readonly peakRssMiB: number;
}

// Kernel clock ticks are 10 ms on every Linux that Node runs on.
const tickMs = 10;

/** What processes have used. Those that have ended count for nothing. */
export async function usageOf(pids: readonly number[]): Promise<ProcessUsage> {
  const each = await Promise.all(pids.map(usageOfOne));
  return each.reduce(
    (sum, { cpuMs, rssMiB, peakRssMiB }) => ({
      cpuMs: sum.cpuMs + cpuMs,
      rssMiB: sum.rssMiB + rssMiB,
      peakRssMiB: sum.peakRssMiB + peakRssMiB,
    }),
    nothing,
  );
}

const nothing: ProcessUsage = { cpuMs: 0, rssMiB: 0, peakRssMiB: 0 };

/** Begins each process' high-water mark anew (proc_pid_clear_refs(5)). */
export async function resetPeaks(pids: readonly number[]): Promise<void> {
  await Promise.all(pids.map((pid) => writeFile(`/proc/${pid}/clear_refs`, "5").catch(() => {})));
}

/** Processor time in milliseconds, by a file of the form of `/proc/PID/stat` or `/proc/PID/task/TID/stat`. */
export async function cpuMsOf(stat: string): Promise<number> {
  const fields = (await readFile(stat, "utf8")).replace(/^.*\) /s, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

async function usageOfOne(pid: number): Promise<ProcessUsage> {
  try {
    const cpuMs = await cpuMsOf(`/proc/${pid}/stat`);
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    const mebibytes = (field: string) =>
      Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) / 1024;
    return { cpuMs, rssMiB: mebibytes("VmRSS"), peakRssMiB: mebibytes("VmHWM") };
  } catch {
    return nothing;
  }
}
