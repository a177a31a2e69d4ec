import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { FleetError } from "./fleet-error.ts";
import { identify, isIdentity, lives } from "./process-identity.ts";

// sun_path holds 104 bytes on macOS and 108 on Linux, the closing zero included.
const longestSocketPath = 103;

/** A directory of one Envoy, readable by its owner only. */
export interface RuntimeDirectory {
  readonly path: string;
  readonly adminSocket: string;
  /** Where Envoy asks for its configuration. */
  readonly xdsSocket: string;
  readonly bootstrap: string;
  remove(): Promise<void>;
}

/** One whose path somebody chose, so that a later Gatewright finds there what an earlier one left running. */
export interface KeptDirectory extends RuntimeDirectory {
  /** What Envoy writes to its standard error. */
  readonly log: string;
  /** Which Envoy runs, and how it was started. */
  readonly record: string;
}

/**
 * Makes a private directory (mode 0700) under `parent`, else $XDG_RUNTIME_DIR, else the system's temporary directory.
 *
 * @throws FleetError `runtime-directory` when it can't be made, or the admin socket's path would be too long for a socket
 */
export async function makeRuntimeDirectory(
  parent: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Promise<RuntimeDirectory> {
  const roots = parent === undefined ? [env["XDG_RUNTIME_DIR"], tmpdir(), "/tmp"] : [parent];
  const tried: string[] = [];
  for (const root of roots) {
    if (root === undefined || root === "") continue;
    const longest = adminSocketIn(join(root, "gatewright-XXXXXX"));
    if (Buffer.byteLength(longest) > longestSocketPath) {
      tried.push(`${root}: ${tooLong}`);
      continue;
    }
    try {
      const path = await mkdtemp(join(root, "gatewright-"));
      return { ...filesIn(path), remove: () => rm(path, { recursive: true, force: true }) };
    } catch (error) {
      tried.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new FleetError("runtime-directory", `there is no place for Envoy's admin socket: ${tried.join("; ")}`, {
    remedy: "set XDG_RUNTIME_DIR or TMPDIR to a directory with a short path that you may write to",
  });
}

/**
 * The directory of this path, made if it isn't there, and private from now on. Its removal leaves the directory, which may be
 * a service manager's, and takes our files.
 *
 * @throws FleetError `runtime-directory`
 */
export async function keepRuntimeDirectory(given: string): Promise<KeptDirectory> {
  const path = resolve(given);
  const fail = (message: string, remedy?: string): FleetError =>
    new FleetError("runtime-directory", `the runtime directory ${path} can't be used: ${message}`, {
      ...(remedy !== undefined && { remedy }),
    });
  if (process.platform !== "linux") throw fail("finding a process again needs Linux");
  if (Buffer.byteLength(adminSocketIn(path)) > longestSocketPath) throw fail(tooLong);
  const owner = join(path, "gatewright.json");
  const other = await livingOwner(owner);
  if (other !== undefined) throw fail(`the Gatewright with process id ${other} has it`, "give each its own");
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await chmod(path, 0o700);
    await writeFile(owner, JSON.stringify(identify(process.pid)), { mode: 0o600 });
  } catch (error) {
    throw fail(error instanceof Error ? error.message : String(error));
  }
  const files = filesIn(path);
  const kept = { log: join(path, "envoy.log"), record: join(path, "envoy.json") };
  const all = [files.adminSocket, files.xdsSocket, files.bootstrap, ...Object.values(kept), owner];
  return {
    ...files,
    ...kept,
    remove: async () => {
      await Promise.all(all.map((file) => rm(file, { force: true })));
    },
  };
}

/** The process id of the Gatewright that wrote this file, if it is another one than we, and still runs. */
async function livingOwner(file: string): Promise<number | undefined> {
  try {
    const owner: unknown = JSON.parse(await readFile(file, "utf8"));
    return isIdentity(owner) && owner.pid !== process.pid && lives(owner) ? owner.pid : undefined;
  } catch {
    return undefined;
  }
}

const tooLong = `the path of a socket in it would be longer than ${longestSocketPath} bytes`;

function adminSocketIn(path: string): string {
  return join(path, "admin.sock");
}

function filesIn(path: string): Omit<RuntimeDirectory, "remove"> {
  return {
    path,
    adminSocket: adminSocketIn(path),
    xdsSocket: join(path, "xds.sock"),
    bootstrap: join(path, "bootstrap.json"),
  };
}
