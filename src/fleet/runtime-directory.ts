import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FleetError } from "./fleet-error.ts";

// sun_path holds 104 bytes on macOS and 108 on Linux, the closing zero included.
const longestSocketPath = 103;

/** A directory of one Envoy, readable by its owner only. */
export interface RuntimeDirectory {
  readonly path: string;
  readonly adminSocket: string;
  readonly bootstrap: string;
  remove(): Promise<void>;
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
    const longest = join(root, "gatewright-XXXXXX", "admin.sock");
    if (Buffer.byteLength(longest) > longestSocketPath) {
      tried.push(`${root}: the path of a socket in it would be longer than ${longestSocketPath} bytes`);
      continue;
    }
    try {
      return runtimeDirectory(await mkdtemp(join(root, "gatewright-")));
    } catch (error) {
      tried.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new FleetError("runtime-directory", `there is no place for Envoy's admin socket: ${tried.join("; ")}`, {
    remedy: "set XDG_RUNTIME_DIR or TMPDIR to a directory with a short path that you may write to",
  });
}

function runtimeDirectory(path: string): RuntimeDirectory {
  return {
    path,
    adminSocket: join(path, "admin.sock"),
    bootstrap: join(path, "bootstrap.json"),
    remove: () => rm(path, { recursive: true, force: true }),
  };
}
