import { closeSync, ftruncateSync, openSync, readSync, watch } from "node:fs";
import { StringDecoder } from "node:string_decoder";

const longest = 1 << 20;

/** Follows a file that another process appends to. */
export interface FollowedLines {
  /** Reads what has come, and follows no longer. */
  end(): void;
}

/**
 * Calls `onLine` with each line that is appended to a file, from an offset on. A file that has grown to 1 MB is emptied when
 * all of it has been read: whoever writes it has opened it for appending.
 *
 * @throws Error if the file can't be opened
 */
export function followLines(file: string, from: number, onLine: (line: string) => void): FollowedLines {
  const descriptor = openSync(file, "r+");
  const chunk = Buffer.alloc(64 * 1024);
  const decoder = new StringDecoder("utf8");
  let offset = from;
  let rest = "";
  let open = true;
  const read = (): void => {
    if (!open) return;
    for (let count = readSync(descriptor, chunk, 0, chunk.length, offset); count > 0; ) {
      offset += count;
      const lines = (rest + decoder.write(chunk.subarray(0, count))).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) onLine(line);
      count = readSync(descriptor, chunk, 0, chunk.length, offset);
    }
    if (offset < longest) return;
    ftruncateSync(descriptor, 0);
    offset = 0;
  };
  const watcher = watch(file, { persistent: false }, read);
  watcher.on("error", () => {});
  read();
  return {
    end() {
      read();
      if (rest !== "") onLine(rest);
      open = false;
      watcher.close();
      closeSync(descriptor);
    },
  };
}
