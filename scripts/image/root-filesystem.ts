import { chmodSync, copyFileSync, lutimesSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { complete, type Entry } from "./entry.ts";

/**
 * Writes entries as files below a folder, for chroot(1) or `COPY`.
 *
 * @param time of each, in seconds since 1970
 */
export function writeRootFilesystem(folder: string, entries: readonly Entry[], time: number): void {
  const all = complete(entries);
  for (const entry of all) {
    const path = join(folder, entry.path);
    mkdirSync(dirname(path), { recursive: true });
    if (entry.kind === "directory") mkdirSync(path, { recursive: true });
    else if (entry.kind === "link") symlinkSync(entry.target, path);
    else if (typeof entry.content === "object" && "file" in entry.content) copyFileSync(entry.content.file, path);
    else writeFileSync(path, entry.content);
    // Not when it is made: the umask would have a say.
    if (entry.kind !== "link") chmodSync(path, entry.mode);
  }
  // Last, and what is in a folder before the folder: each new file changes its folder's time.
  for (const { path } of all.toReversed()) lutimesSync(join(folder, path), time, time);
}
