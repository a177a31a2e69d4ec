/** A file of an image. Paths are absolute; all belong to root and have the same time. */
export type Entry =
  | { readonly kind: "directory"; readonly path: string; readonly mode: number }
  | { readonly kind: "file"; readonly path: string; readonly mode: number; readonly content: Content }
  | { readonly kind: "link"; readonly path: string; readonly target: string };

/** What is in a file: bytes, or the path of a file here. */
export type Content = Buffer | string | { readonly file: string };

export function directory(path: string, mode = 0o755): Entry {
  return { kind: "directory", path, mode };
}

export function file(path: string, content: Content): Entry {
  return { kind: "file", path, mode: 0o644, content };
}

export function program(path: string, content: Content): Entry {
  return { kind: "file", path, mode: 0o755, content };
}

export function link(path: string, target: string): Entry {
  return { kind: "link", path, target };
}

/** In the order of their paths, with the directories that they are in. */
export function complete(entries: readonly Entry[]): readonly Entry[] {
  const byPath = new Map<string, Entry>();
  for (const { path } of entries) {
    const parts = path.split("/").slice(1, -1);
    parts.forEach((_, index) => {
      const parent = `/${parts.slice(0, index + 1).join("/")}`;
      byPath.set(parent, directory(parent));
    });
  }
  for (const entry of entries) byPath.set(entry.path, entry);
  // By code units: a locale would make another order on another machine.
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}
