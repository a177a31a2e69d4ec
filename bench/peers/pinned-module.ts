import { readFileSync } from "node:fs";
import { join } from "node:path";
import { download, type GoModule } from "../../scripts/generate/go.ts";

/** The folder of our Go module that pins a peer. */
export function moduleFolder(peer: string): string {
  return join(import.meta.dirname, peer);
}

/**
 * A Go module as a peer's `go.mod` and `go.sum` pin it.
 *
 * @param peer a folder beside this file: `envoy-gateway`
 * @throws Error if they don't
 */
export function pinnedModule(peer: string, path: string): GoModule {
  const version = following(read(peer, "go.mod"), `\t${path} `);
  const sum = version && following(read(peer, "go.sum"), `${path} ${version} `);
  if (version === undefined || sum === undefined) throw new Error(`bench/peers/${peer} pins no ${path}`);
  return { path, version, sum };
}

/** The folder with all files of {@link pinnedModule}: charts and custom resource definitions are among them. */
export function pinnedFiles(peer: string, path: string): string {
  return download(pinnedModule(peer, path));
}

function read(peer: string, file: string): string {
  return readFileSync(join(moduleFolder(peer), file), "utf8");
}

/** The word after `start`, in the line that begins so. */
function following(text: string, start: string): string | undefined {
  return text
    .split("\n")
    .find((line) => line.startsWith(start))
    ?.slice(start.length)
    .split(" ")[0];
}
