/** One document of a YAML stream, and on which line (from 0) its text begins. */
export interface DocumentText {
  readonly text: string;
  readonly line: number;
}

/**
 * Cuts a YAML stream into its documents without parsing it: `---` at the start of a line always is a marker, even inside
 * a scalar. Whatever has no content (blank, comments) is left out; directives stay with the document that follows.
 *
 * @example splitDocuments("a: 1\n---\nb: 2\n")  // [{ text: "a: 1\n", line: 0 }, { text: "b: 2\n", line: 2 }]
 */
export function splitDocuments(stream: string): readonly DocumentText[] {
  const documents: DocumentText[] = [];
  let start = 0;
  let line = 0;
  for (const marker of stream.matchAll(/^(?:---|\.\.\.)(?=[ \t\r\n]|$)/gm)) {
    const isEnd = marker[0] === "...";
    const cut = isEnd ? endOfLine(stream, marker.index) : marker.index;
    const text = stream.slice(start, cut);
    if (!isEnd && isOnlyDirectives(text)) continue;
    if (hasContent(text)) documents.push(withoutMarker(text, line));
    line += countLines(text);
    start = cut;
  }
  const rest = stream.slice(start);
  if (hasContent(rest)) documents.push(withoutMarker(rest, line));
  return documents;
}

/** A document is the same one whether or not something stands before it. */
function withoutMarker(text: string, line: number): DocumentText {
  const marker = /^---[ \t\r]*\n/.exec(text)?.[0];
  return marker === undefined ? { text, line } : { text: text.slice(marker.length), line: line + 1 };
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end + 1;
}

function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lines++;
  return lines;
}

function hasContent(text: string): boolean {
  return /^(?!---[ \t\r]*$|---[ \t]+#|\.\.\.[ \t\r]*$|[ \t\r]*$|[ \t]*#)/m.test(
    text.endsWith("\n") ? text.slice(0, -1) : text,
  );
}

function isOnlyDirectives(text: string): boolean {
  return text.includes("%") && !/^(?!%|[ \t\r]*$|[ \t]*#)/m.test(text.endsWith("\n") ? text.slice(0, -1) : text);
}
