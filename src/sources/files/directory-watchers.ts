import { type FSWatcher, statSync, watch } from "node:fs";
import { basename } from "node:path";

/** `replaced`: a name appeared, vanished or means another file now. `written`: its content or attributes were touched in place. */
export type EntryEvent = "replaced" | "written";

export interface WatchObserver {
  /** `name` is absent when the system can't tell: anything in the directory may have changed. */
  event(directory: string, name: string | undefined, event: EntryEvent): void;
  /** The directory isn't watched, or not any more. */
  failed(directory: string, error: Error): void;
}

interface Watched {
  watcher: FSWatcher | undefined;
  identity: string;
  users: number;
}

/**
 * One operating-system watch for each directory that somebody uses, however many files are in it.
 *
 * A watch belongs to the directory that had the path when the watch was made. When another one takes the path,
 * {@link DirectoryWatchers.renew} moves the watch to it.
 */
export class DirectoryWatchers {
  readonly #watched = new Map<string, Watched>();
  readonly #observer: WatchObserver;

  constructor(observer: WatchObserver) {
    this.#observer = observer;
  }

  get size(): number {
    return this.#watched.size;
  }

  use(directory: string): void {
    const watched = this.#watched.get(directory);
    if (watched === undefined) {
      const fresh: Watched = { watcher: undefined, identity: "", users: 1 };
      this.#watched.set(directory, fresh);
      this.#start(directory, fresh);
    } else {
      watched.users += 1;
      this.renew(directory);
    }
  }

  release(directory: string): void {
    const watched = this.#watched.get(directory);
    if (watched === undefined || --watched.users > 0) return;
    watched.watcher?.close();
    this.#watched.delete(directory);
  }

  /** Watches what has the path now, if that is another directory than before or the watch has ended. */
  renew(directory: string, { force = false } = {}): void {
    const watched = this.#watched.get(directory);
    if (watched === undefined) return;
    if (!force && watched.watcher !== undefined && watched.identity === identityOf(directory)) return;
    watched.watcher?.close();
    watched.watcher = undefined;
    this.#start(directory, watched);
  }

  close(): void {
    for (const { watcher } of this.#watched.values()) watcher?.close();
    this.#watched.clear();
  }

  #start(directory: string, watched: Watched): void {
    const identity = identityOf(directory);
    if (identity === undefined) return;
    try {
      const watcher = watch(directory, { persistent: true }, (type, name) => {
        if (watched.watcher !== watcher) return;
        // Linux reports the end of a watched directory under the directory's own name.
        if (name === basename(directory)) this.renew(directory, { force: true });
        this.#observer.event(directory, name ?? undefined, type === "change" ? "written" : "replaced");
      });
      watcher.on("error", (error) => {
        if (watched.watcher !== watcher) return;
        this.renew(directory, { force: true });
        if (watched.watcher === undefined) this.#observer.failed(directory, error);
        this.#observer.event(directory, undefined, "replaced");
      });
      watched.watcher = watcher;
      watched.identity = identity;
    } catch (error) {
      this.#observer.failed(directory, error instanceof Error ? error : new Error(String(error)));
    }
  }
}

/** Tells a directory from another one that took its path; the time of birth, because inode numbers are used again at once. */
export function identityOf(directory: string): string | undefined {
  try {
    const status = statSync(directory, { bigint: true, throwIfNoEntry: false });
    return status?.isDirectory() === true ? `${status.dev}:${status.ino}:${status.birthtimeNs}` : undefined;
  } catch {
    return undefined;
  }
}
