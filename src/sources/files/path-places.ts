import { lstatSync, readlinkSync } from "node:fs";
import { dirname, isAbsolute, join, parse, sep } from "node:path";

/** An entry of a directory. */
export interface Place {
  readonly directory: string;
  readonly name: string;
}

// As Linux does, before it answers ELOOP.
const mostLinks = 40;
const absent = Symbol("absent");

/**
 * The directory entries that decide what an absolute path means: one for each of its components, and for those of every
 * symbolic link on the way. A change of any of them may make the path mean another file. Ends where nothing is there.
 *
 * @param start the steps up to this directory are taken as they are
 * @example placesOf("/etc/gw/a.yaml", "/etc/gw")
 *   // in a mounted ConfigMap: /etc/gw › a.yaml, /etc/gw › ..data, /etc/gw/..2026_01_01 › a.yaml
 */
export function placesOf(path: string, start: string = parse(path).root): readonly Place[] {
  const places: Place[] = [];
  let links = 0;
  let directory = start;
  let ahead = steps(path.slice(start.length));
  for (let name = ahead.shift(); name !== undefined; name = ahead.shift()) {
    if (name === "..") {
      directory = dirname(directory);
      continue;
    }
    places.push({ directory, name });
    const next = join(directory, name);
    const target = linkTarget(next);
    if (target === absent) break;
    if (target === undefined) directory = next;
    else {
      if (++links > mostLinks) break;
      if (isAbsolute(target)) directory = parse(target).root;
      ahead = [...steps(target), ...ahead];
    }
  }
  return places;
}

function steps(path: string): string[] {
  return path.split(sep).filter((step) => step !== "" && step !== ".");
}

function linkTarget(path: string): string | undefined | typeof absent {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch {
    return absent;
  }
}
