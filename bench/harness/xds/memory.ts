import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

/** Of this process, in bytes, after full collections. */
export interface Memory {
  readonly heap: number;
  readonly external: number;
  readonly resident: number;
}

export async function settledMemory(): Promise<Memory> {
  for (let times = 0; times < 3; times += 1) {
    // What a full collection frees is given back with this flavour.
    globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
    await wait(100);
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed, external, resident: rss };
}

/** The most that was resident since it was reset, in bytes. */
export function residentPeak(): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? Number.NaN) * 1024;
}
