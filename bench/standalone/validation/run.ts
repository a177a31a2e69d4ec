import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import { usageOf } from "../../harness/processes.ts";
import { family } from "../../harness/processors.ts";

/** What a program that was run to its end took, its children included. */
export interface Run {
  readonly stdout: string;
  readonly seconds: number;
  /** Processor time, in milliseconds; read until shortly before the end. */
  readonly cpuMs: number;
  readonly peakRssMiB: number;
}

const lookMs = 10;

/** Runs a program to its end, with whatever exit code. */
export async function run(command: string, args: readonly string[]): Promise<Run> {
  const began = performance.now();
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  const stdout = text(child.stdout);
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => resolve());
  });
  let cpuMs = 0;
  let peakRssMiB = 0;
  while (child.exitCode === null && child.signalCode === null) {
    const used = await usageOf(await family(child.pid ?? Number.NaN).catch(() => []));
    cpuMs = Math.max(cpuMs, used.cpuMs);
    peakRssMiB = Math.max(peakRssMiB, used.peakRssMiB);
    await Promise.race([ended, wait(lookMs)]);
  }
  await ended;
  const seconds = (performance.now() - began) / 1_000;
  return { stdout: await stdout, seconds, cpuMs, peakRssMiB };
}
