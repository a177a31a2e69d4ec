import { execFile } from "node:child_process";
import { accessSync, constants, globSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import type { TestContext } from "node:test";
import { promisify } from "node:util";

/** The project's folder. */
export const root = join(import.meta.dirname, "../../..");

// Debian keeps PostgreSQL's server programs and dnsmasq off an ordinary user's PATH.
const folders = [
  ...(process.env["PATH"] ?? "").split(delimiter),
  join(root, ".cache/bin"),
  "/usr/sbin",
  ...globSync("/usr/lib/postgresql/*/bin"),
];

/** Where a program is, or undefined. */
export function findProgram(name: string): string | undefined {
  const candidates = isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name));
  return candidates.find(isExecutable);
}

/**
 * Whether the programs are there that a test drives. Without one of them the test is skipped, and says so.
 *
 * @throws with CI=true, where nothing is skipped
 */
export function needs(t: TestContext, ...names: readonly string[]): boolean {
  const missing = names.filter((name) => findProgram(name) === undefined);
  if (missing.length === 0) return true;
  const message = `${missing.join(", ")} not found: scripts/install-test-programs.sh installs what tests need`;
  if (process.env["CI"] === "true") throw new Error(message);
  t.skip(message);
  return false;
}

/** What a program printed. */
export interface Output {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** Runs a program to its end, with a bound of 30 seconds. */
export async function run(name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Output> {
  const program = findProgram(name);
  if (program === undefined) throw new Error(`${name} not found`);
  const options = { timeout: 30_000, maxBuffer: 64 * 1024 * 1024, env: { ...process.env, ...env }, cwd: root };
  try {
    return { ...(await promisify(execFile)(program, [...args], options)), code: 0 };
  } catch (error) {
    if (
      error instanceof Error &&
      "code" in error &&
      typeof error.code === "number" &&
      "stdout" in error &&
      "stderr" in error
    ) {
      return { stdout: String(error.stdout), stderr: String(error.stderr), code: error.code };
    }
    throw error;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
