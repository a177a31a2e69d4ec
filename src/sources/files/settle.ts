import type { EntryEvent } from "./directory-watchers.ts";
import type { Look } from "./file-tree.ts";

/** How long nothing must happen before a change is believed, in milliseconds. */
export interface SettleTimes {
  /** After a file was put in place as a whole: a rename, a new name. */
  readonly replaced: number;
  /** After a file was written in place, or vanished: an editor may be half-way. */
  readonly written: number;
  /** Changes that keep coming are taken this often all the same, as far as they parse. An emptied file is believed after this. */
  readonly atMost: number;
}

export const defaultSettleTimes: SettleTimes = { replaced: 10, written: 50, atMost: 500 };

/** A path that something happened to. Times are in milliseconds since 1970. */
export interface Pending {
  readonly last: number;
  readonly event: EntryEvent;
}

/**
 * When a path may be read, if nothing more happens to it.
 *
 * The time of modification counts too: a write may have happened whose event is still on its way.
 *
 * @param now a modification after it is another machine's clock or somebody's wish, and doesn't count
 * @param emptied the file had content when it was last read, and has none
 */
export function settledAt(pending: Pending, look: Look, emptied: boolean, now: number, times: SettleTimes): number {
  const last = Math.min(pending.last, now);
  if (emptied) return last + times.atMost;
  if (look.kind === "absent") return look.known ? last + times.written : last;
  if (look.kind !== "file") return last + times.replaced;
  if (pending.event === "replaced") return last + times.replaced;
  return Math.max(last, look.modified <= now ? look.modified : 0) + times.written;
}
