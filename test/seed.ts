import { spawnSync } from "node:child_process";

/**
 * Where generated tests begin: another place for every commit, so that new ground is tried all the time, and the same one
 * for the same commit, so that what CI finds is found here, too. SEED=N repeats any run. From 0 to 2³¹ − 1.
 */
export const seed: number = Number(process.env["SEED"] ?? ofCommit() ?? Date.now() % 2 ** 31);

function ofCommit(): number | undefined {
  const { status, stdout } = spawnSync("git", ["rev-parse", "HEAD"], { cwd: import.meta.dirname, encoding: "utf8" });
  return status === 0 ? Number.parseInt(stdout.slice(0, 8), 16) % 2 ** 31 : undefined;
}
