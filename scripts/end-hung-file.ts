import { readFileSync } from "node:fs";
import { descendants } from "../test/e2e/harness/processes.ts";

/**
 * Kills the process that runs a test file, and everything that it has started: a child of a test that failed keeps the file's
 * output open, and with that Node's runner waiting, whatever `timeout` it was given.
 *
 * @param file its absolute path
 * @returns how many processes were killed: 0 if the file has ended
 */
export function endHungFile(file: string): number {
  const runs = descendants(process.pid).filter(({ parent, pid }) => parent === process.pid && isOf(file, pid));
  const all = runs.flatMap(({ pid }) => [pid, ...descendants(pid).map((below) => below.pid)]);
  return all.filter(kill).length;
}

function isOf(file: string, pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(file);
  } catch {
    // It has ended.
    return false;
  }
}

function kill(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    return false;
  }
}
