import { type Dirent, lstatSync, readdirSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { DirectoryWatchers, type EntryEvent, identityOf } from "./directory-watchers.ts";
import { isResourceDirectory, isResourceFile } from "./find-files.ts";
import { type Place, placesOf } from "./path-places.ts";

export interface TreeObserver {
  /** Something may have happened to this absolute path: look. */
  touched(path: string, event: EntryEvent): void;
  /** Changes of a directory go unnoticed. */
  unwatched(directory: string, error: Error): void;
}

/**
 * What is at a path now. `absent`: nothing, or nothing that is read. `known`: it was a file that is read before.
 * `modified` is in milliseconds since 1970. A `pipe` can be read once.
 */
export type Look =
  | { readonly kind: "directory" | "absent"; readonly known: boolean }
  | { readonly kind: "file"; readonly known: boolean; readonly size: number; readonly modified: number }
  | { readonly kind: "pipe"; readonly known: boolean };

interface Directory {
  readonly identity: string;
  /** Something in it changed that no event named. */
  stale: boolean;
  /** Absolute paths of the files and directories in it that matter. */
  readonly children: Set<string>;
}

/**
 * The files below some root paths, and the watches that tell of their changes.
 *
 * One watch for each directory, not for each file. Roots are watched through every component of their path, so that one
 * that isn't there yet, or is a link that will point elsewhere (`current` → `releases/42`), is noticed. Files that are
 * symbolic links are watched through the places that the link leads to (a mounted ConfigMap is full of them).
 */
export class FileTree {
  readonly #roots: ReadonlyMap<string, string>;
  readonly #observer: TreeObserver;
  readonly #watchers: DirectoryWatchers;
  readonly #directories = new Map<string, Directory>();
  readonly #files = new Set<string>();
  /** Path of the directory that stands for an identity, and the paths that lead to it as well. */
  readonly #entered = new Map<string, { readonly path: string; readonly others: Set<string> }>();
  readonly #places = new Map<string, readonly Place[]>();
  readonly #dependents = new Map<string, Map<string, Set<string>>>();

  constructor(roots: readonly string[], observer: TreeObserver) {
    this.#roots = new Map(roots.map((root) => [resolve(root), root]));
    this.#observer = observer;
    this.#watchers = new DirectoryWatchers({
      event: (directory, name, event) => this.#event(directory, name, event),
      failed: (directory, error) => this.#failed(directory, error),
    });
  }

  /** Absolute paths. */
  get roots(): readonly string[] {
    return [...this.#roots.keys()];
  }

  isRoot(path: string): boolean {
    return this.#roots.has(path);
  }

  /** The path as the person who named its root would write it. */
  display(path: string): string {
    const exact = this.#roots.get(path);
    if (exact !== undefined) return exact;
    for (const [root, written] of this.#roots) {
      const below = relative(root, path);
      if (!below.startsWith("..")) return join(written, below);
    }
    return path;
  }

  look(path: string): Look {
    const root = this.#roots.has(path);
    if (root || this.#places.has(path) || isLink(path)) this.#watchPlaces(path);
    const known = this.#files.has(path);
    const status = statusOf(path);
    if (status === undefined) return { kind: "absent", known };
    if (status.isDirectory()) return { kind: "directory", known };
    if (status.isFile() && (root || isResourceFile(basename(path)))) {
      return { kind: "file", known, size: status.size, modified: status.mtimeMs };
    }
    return { kind: root ? "pipe" : "absent", known };
  }

  /** Whether the path is, or was at the last look, a directory whose content must be brought up to date. */
  isDirectory(path: string): boolean {
    return this.#directories.has(path);
  }

  /**
   * Brings a directory and all below it that appeared, changed or went up to date, and returns the files to look at,
   * those that went included.
   *
   * @param options.all also the files in directories that are the same as before
   */
  refresh(path: string, options: { readonly all?: boolean } = {}): readonly string[] {
    const files: string[] = [];
    this.#refresh(path, files, options.all ?? false);
    return files;
  }

  /** Remembers that a path was read as a file, or that it isn't one any more. */
  settle(path: string, isFile: boolean): void {
    if (isFile) this.#files.add(path);
    else {
      this.#files.delete(path);
      if (!this.#directories.has(path)) this.#forget(path);
    }
  }

  close(): void {
    this.#watchers.close();
  }

  #refresh(path: string, files: string[], all: boolean): void {
    if (this.#roots.has(path)) this.#watchPlaces(path);
    const identity = identityOf(path);
    const before = this.#directories.get(path);
    if (before !== undefined && before.identity !== identity) this.#leave(path, before, files);
    if (identity === undefined) {
      if (this.#files.has(path) || statusOf(path) !== undefined) files.push(path);
      else if (before !== undefined) this.#forget(path);
      return;
    }
    if (before?.identity === identity && !before.stale && !all) return;
    const entered = this.#entered.get(identity);
    if (entered === undefined || entered.path === path) this.#scan(path, identity, files, all);
    else entered.others.add(path);
  }

  #scan(path: string, identity: string, files: string[], all: boolean): void {
    const known = this.#directories.get(path);
    const directory: Directory = known ?? { identity, stale: false, children: new Set() };
    directory.stale = false;
    if (known === undefined) {
      this.#directories.set(path, directory);
      this.#entered.set(identity, { path, others: new Set() });
      // Before it is read: what appears in between is seen twice rather than never.
      this.#watchers.use(path);
    }
    const missing = new Set(directory.children);
    for (const entry of this.#read(path)) {
      if (!matters(entry)) continue;
      const child = join(path, entry.name);
      missing.delete(child);
      directory.children.add(child);
      if (entry.isSymbolicLink()) this.#watchPlaces(child);
      if (entry.isFile()) files.push(child);
      else this.#refresh(child, files, all);
    }
    for (const child of missing) this.#refresh(child, files, all);
  }

  #read(directory: string): readonly Dirent[] {
    try {
      return readdirSync(directory, { withFileTypes: true });
    } catch (error) {
      this.#failed(directory, error instanceof Error ? error : new Error(String(error)));
      return [];
    }
  }

  #leave(path: string, directory: Directory, files: string[]): void {
    this.#directories.delete(path);
    this.#watchers.release(path);
    const others = this.#entered.get(directory.identity)?.others ?? [];
    this.#entered.delete(directory.identity);
    for (const other of others) this.#observer.touched(other, "replaced");
    for (const child of directory.children) {
      const below = this.#directories.get(child);
      if (below !== undefined) this.#leave(child, below, files);
      if (this.#files.has(child)) files.push(child);
      else this.#forget(child);
    }
  }

  #forget(path: string): void {
    this.#directories.get(dirname(path))?.children.delete(path);
    // Its places are how a root that isn't there yet is noticed.
    if (this.#roots.has(path)) return;
    this.#releasePlaces(path, []);
    this.#places.delete(path);
  }

  #event(directory: string, name: string | undefined, event: EntryEvent): void {
    const known = this.#directories.get(directory);
    if (known !== undefined) {
      // The watch may have moved to another directory of the same path, or the system lost count: compare everything.
      if (name === undefined || name === basename(directory)) {
        known.stale = true;
        this.#observer.touched(directory, "replaced");
      }
      if (name !== undefined) this.#childEvent(known, join(directory, name), name, event);
    }
    const dependents = this.#dependents.get(directory);
    const paths =
      name === undefined ? [...(dependents?.values() ?? [])].flatMap((each) => [...each]) : dependents?.get(name);
    for (const path of paths ?? []) this.#observer.touched(path, event);
  }

  #childEvent(directory: Directory, child: string, name: string, event: EntryEvent): void {
    const concerns =
      isResourceFile(name) ||
      directory.children.has(child) ||
      (event === "replaced" && isResourceDirectory(name) && statusOf(child)?.isDirectory() === true);
    if (!concerns) return;
    directory.children.add(child);
    this.#observer.touched(child, event);
  }

  #failed(directory: string, error: Error): void {
    // Somebody's home or the root of the machine need not be readable for the files further down to be.
    if (this.#directories.has(directory)) this.#observer.unwatched(directory, error);
  }

  #watchPlaces(path: string): void {
    // The first place of what was found in a directory is that directory, which is watched already.
    const places = this.#roots.has(path) ? placesOf(path) : placesOf(path, dirname(path)).slice(1);
    for (const { directory, name } of places) {
      this.#watchers.use(directory);
      const names = this.#dependents.get(directory) ?? new Map<string, Set<string>>();
      this.#dependents.set(directory, names);
      names.set(name, (names.get(name) ?? new Set()).add(path));
    }
    this.#releasePlaces(path, places);
    this.#places.set(path, places);
  }

  #releasePlaces(path: string, kept: readonly Place[]): void {
    for (const { directory, name } of this.#places.get(path) ?? []) {
      this.#watchers.release(directory);
      if (kept.some((place) => place.directory === directory && place.name === name)) continue;
      const names = this.#dependents.get(directory);
      const paths = names?.get(name);
      paths?.delete(path);
      if (paths?.size === 0) names?.delete(name);
      if (names?.size === 0) this.#dependents.delete(directory);
    }
  }
}

/** Of a link nobody knows what it will lead to tomorrow. */
function matters(entry: Dirent): boolean {
  if (entry.isDirectory()) return isResourceDirectory(entry.name);
  return isResourceFile(entry.name) || (entry.isSymbolicLink() && isResourceDirectory(entry.name));
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
