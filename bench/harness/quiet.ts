import { setTimeout as wait } from "node:timers/promises";
import { usageOf } from "./processes.ts";

/** Quiet is when processes together have taken less than this of a core in the last ten seconds. */
const quietPercent = 5;
const windowMs = 10_000;
const sampleMs = 1_000;
/** Long enough for one that is a hundred times slower. */
const patienceMs = 10 * 60_000;

/** Waits until processes have come to rest; false if they have not after ten minutes. */
export async function untilQuiet(pids: readonly number[]): Promise<boolean> {
  const samples: { readonly at: number; readonly cpuMs: number }[] = [];
  const deadline = performance.now() + patienceMs;
  while (performance.now() < deadline) {
    const now = { at: performance.now(), cpuMs: (await usageOf(pids)).cpuMs };
    samples.push(now);
    const before = samples.findLast(({ at }) => now.at - at >= windowMs);
    if (before !== undefined && (100 * (now.cpuMs - before.cpuMs)) / (now.at - before.at) < quietPercent) return true;
    await wait(sampleMs);
  }
  return false;
}
