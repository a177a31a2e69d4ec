import { readdir, realpath, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import type { Finding } from "../../resources/finding.ts";

const extensions: ReadonlySet<string> = new Set([".yaml", ".yml", ".json"]);

/** Stands for standard input among paths, as in `kubectl -f -`. */
export const standardInput = "-";

/** Whether a file found in a directory is read: `*.yaml`, `*.yml` and `*.json`, hidden ones not. */
export function isResourceFile(name: string): boolean {
  return !name.startsWith(".") && extensions.has(extname(name).toLowerCase());
}

/** Whether a directory found in a directory is entered: hidden ones (also `..data` of a mounted ConfigMap) and node_modules are not. */
export function isResourceDirectory(name: string): boolean {
  return !name.startsWith(".") && name !== "node_modules";
}

/**
 * The files that paths stand for, each once, in the order of their names within a directory.
 *
 * A path to a file is taken whatever its name; a directory is searched with all that is below it, following symbolic
 * links, each directory once. `-` is passed on. A path that is not there or can't be read is a problem, and the rest
 * is found all the same.
 */
export async function findFiles(
  paths: readonly string[],
): Promise<{ readonly files: readonly string[]; readonly problems: readonly Finding[] }> {
  const search: Search = { files: new Set(), problems: [], entered: new Set() };
  for (const path of paths) await addPath(path, search);
  return { files: [...search.files], problems: search.problems };
}

interface Search {
  readonly files: Set<string>;
  readonly problems: Finding[];
  /** Real paths, so that a link to a parent ends. */
  readonly entered: Set<string>;
}

async function addPath(path: string, search: Search): Promise<void> {
  if (path === standardInput) {
    search.files.add(path);
    return;
  }
  try {
    const status = await stat(path);
    if (!status.isDirectory()) search.files.add(path);
    else {
      const before = search.files.size;
      const entered = search.entered.size;
      await addDirectory(path, search);
      if (search.files.size === before && search.entered.size > entered) search.problems.push(nothingIn(path));
    }
  } catch (error) {
    search.problems.push(unreadable(path, error));
  }
}

async function addDirectory(directory: string, search: Search): Promise<void> {
  const real = await realpath(directory);
  if (search.entered.has(real)) return;
  search.entered.add(real);
  const entries = await readdir(directory, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(directory, entry.name);
    try {
      const kind = entry.isSymbolicLink() ? await stat(path) : entry;
      if (kind.isDirectory()) {
        if (isResourceDirectory(entry.name)) await addDirectory(path, search);
      } else if (isResourceFile(entry.name)) search.files.add(path);
    } catch (error) {
      if (isResourceFile(entry.name) || isResourceDirectory(entry.name)) search.problems.push(unreadable(path, error));
    }
  }
}

function nothingIn(directory: string): Finding {
  return {
    severity: "warning",
    code: "no-files",
    message: `${directory} holds no *.yaml, *.yml or *.json file.`,
  };
}

/** The finding for a path that can't be read. */
export function unreadable(path: string, error: unknown): Finding {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return { severity: "error", code: "no-such-file", message: `${path} does not exist.` };
  const reason = error instanceof Error ? error.message : String(error);
  return {
    severity: "error",
    code: "unreadable",
    message: `${path} can't be read: ${code === "EACCES" ? "permission denied" : reason}.`,
  };
}
