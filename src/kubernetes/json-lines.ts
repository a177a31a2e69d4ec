import type { Readable } from "node:stream";

/**
 * The JSON documents of a stream, one a line, as many at a time as came together. What follows the last line end is
 * dropped: it was cut off.
 */
export async function* documentsOf<T>(stream: Readable): AsyncGenerator<readonly T[], void> {
  stream.setEncoding("utf8");
  let rest = "";
  for await (const chunk of stream) {
    const text: string = chunk;
    const end = text.lastIndexOf("\n");
    if (end === -1) rest += text;
    else {
      const lines = `${rest}${text.slice(0, end)}`.split("\n");
      rest = text.slice(end + 1);
      const documents = lines.flatMap((line): readonly T[] => (line === "" ? [] : [JSON.parse(line)]));
      if (documents.length > 0) yield documents;
    }
  }
}
