import { createReadStream, statSync } from "node:fs";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { extract, pack } from "tar-stream";
import { type Content, complete, type Entry } from "./entry.ts";

/**
 * An archive of these entries, and of the directories that they are in: the same bytes wherever and whenever.
 *
 * @param time of each entry, in seconds since 1970
 */
export function tar(entries: readonly Entry[], time: number): Readable {
  const archive = pack();
  const root = { uid: 0, gid: 0, uname: "", gname: "", mtime: new Date(time * 1000) };
  const write = async () => {
    for (const entry of complete(entries)) {
      const name = entry.path.slice(1);
      if (entry.kind === "directory") {
        archive.entry({ ...root, name: `${name}/`, type: "directory", mode: entry.mode });
      } else if (entry.kind === "link") {
        archive.entry({ ...root, name, type: "symlink", mode: 0o777, linkname: entry.target });
      } else {
        const { size, read } = open(entry.content);
        await pipeline(read(), archive.entry({ ...root, name, type: "file", mode: entry.mode, size }));
      }
    }
    archive.finalize();
  };
  write().catch((error: unknown) => archive.destroy(error instanceof Error ? error : new Error(String(error))));
  return Readable.from(archive, { objectMode: false });
}

/** How long it is, and how to read it. */
function open(content: Content): { readonly size: number; readonly read: () => Readable } {
  if (typeof content === "object" && "file" in content) {
    return { size: statSync(content.file).size, read: () => createReadStream(content.file) };
  }
  const bytes = Buffer.from(content);
  return { size: bytes.length, read: () => Readable.from([bytes], { objectMode: false }) };
}

/** Files and links of an archive for which `wanted` is true, with absolute paths. */
export async function untar(archive: Readable, wanted: (path: string) => boolean): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  const reading = extract();
  const read = pipeline(archive, reading);
  for await (const entry of reading) {
    const { name, type, mode, linkname } = entry.header;
    const path = `/${name.replace(/^\.?\//, "")}`;
    const content = await buffer(entry);
    if (!wanted(path)) continue;
    if (type === "file") entries.push({ kind: "file", path, mode: mode & 0o777, content });
    else if (type === "symlink" && linkname) entries.push({ kind: "link", path, target: linkname });
  }
  await read;
  return entries;
}
