/**
 * Packages of this machine's Debian, fetched and not installed, for any architecture.
 */
import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Puts packages (`.deb`) into a folder, which is whole or absent.
 *
 * apt asks the archives that this machine is set up for and checks their signatures; it has a state of its own here, so that
 * neither root nor another architecture's packages have to be known to the machine.
 *
 * @param packages as apt names them: `runc`, `libc6:arm64`, `libc6:arm64=2.36-9+deb12u14`
 * @throws Error with apt's own words
 */
export async function fetchDebianPackages(packages: readonly string[], folder: string): Promise<void> {
  mkdirSync(dirname(folder), { recursive: true });
  const work = mkdtempSync(`${folder}-`);
  const state = join(work, "state");
  const cache = join(work, "cache");
  const downloads = join(work, "downloads");
  for (const each of [join(state, "lists/partial"), join(cache, "archives/partial"), downloads])
    mkdirSync(each, { recursive: true });
  const apt = (...args: readonly string[]) => run("apt-get", [...options(state, cache), ...args], { cwd: downloads });
  try {
    // apt reads as a user of its own what it has fetched.
    chmodSync(work, 0o755);
    await apt("update");
    await apt("download", ...packages);
    try {
      renameSync(downloads, folder);
    } catch (error) {
      // Another process was first with the same.
      if (readdirSync(folder).length === 0) throw error;
    }
  } catch (error) {
    throw new Error(`Debian's ${packages.join(", ")} can't be fetched: ${reason(error)}`, { cause: error });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function options(state: string, cache: string): readonly string[] {
  const settings = {
    "APT::Architectures": "amd64,arm64",
    "Dir::State": state,
    "Dir::State::Lists": join(state, "lists"),
    "Dir::State::status": "/dev/null",
    "Dir::Cache": cache,
    "APT::Sandbox::User": "",
    "Acquire::Languages": "none",
    "Acquire::Retries": "3",
  };
  return ["-qq", ...Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`])];
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("code" in error && error.code === "ENOENT") return "there is no apt-get here; this needs Debian";
  const said = "stderr" in error ? String(error.stderr).trim() : "";
  return said === "" ? error.message : said;
}
