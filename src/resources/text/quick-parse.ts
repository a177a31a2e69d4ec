import type { Json } from "../schema.ts";
import { isPlainKey, parseInline } from "./quick-inline.ts";

/**
 * Parses the part of YAML that most people write, ten times as fast as a whole YAML parser does, and says nothing about
 * any other: `undefined` means that the whole parser has to read it.
 *
 * Read are block mappings with plain keys, block lists, scalars on one line (plain ones, and quoted ones without
 * escapes), flow collections of such on one line, and comments. All that could mean more (anchors, tags, block scalars, scalars of several lines, numbers other than
 * small decimal integers, the words that YAML 1.1 took for booleans, tabs, duplicate keys, text that is no ASCII) and
 * everything that is wrong is left to the whole parser. A test holds the two against each other.
 */
export function quickParse(text: string): { readonly value: Json } | undefined {
  const lines = readLines(text);
  if (lines === undefined || lines.length === 0) return undefined;
  const cursor: Cursor = { lines, at: 0 };
  const value = parseBlock(cursor, lines[0]?.indent ?? 0);
  return value === undefined || cursor.at < lines.length ? undefined : { value };
}

interface Line {
  readonly indent: number;
  readonly content: string;
}

interface Cursor {
  readonly lines: Line[];
  at: number;
}

function readLines(text: string): Line[] | undefined {
  const lines: Line[] = [];
  let isStart = true;
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf("\n", start);
    const end = newline === -1 ? text.length : newline;
    let first = start;
    while (first < end && text.charCodeAt(first) === 0x20) first++;
    const content = withoutComment(text.slice(first, end));
    if (content === undefined) return undefined;
    if (content === "---" && first === start) {
      if (!isStart) return undefined;
      isStart = false;
    } else if (content !== "") {
      if (content === "..." || content.startsWith("%")) return undefined;
      lines.push({ indent: first - start, content });
      isStart = false;
    }
    start = end + 1;
  }
  return lines;
}

/** The content of a line without its comment, or undefined where only a whole parser can tell. */
function withoutComment(line: string): string | undefined {
  if (line.startsWith("#")) return "";
  const content = line.trimEnd();
  if (!/^[\x20-\x7e]*$/.test(content)) return undefined;
  const comment = content.indexOf(" #");
  if (comment === -1) return content;
  return /["']/.test(content) ? undefined : content.slice(0, comment).trimEnd();
}

function parseBlock(cursor: Cursor, indent: number): Json | undefined {
  const line = cursor.lines[cursor.at];
  if (line === undefined) return undefined;
  return isItem(line.content) ? parseList(cursor, indent) : parseMapping(cursor, indent);
}

function isItem(content: string): boolean {
  return content === "-" || content.startsWith("- ");
}

const pair = /^([A-Za-z_][A-Za-z0-9_./-]*):(?: +(\S.*))?$/;

function parseMapping(cursor: Cursor, indent: number): Json | undefined {
  const mapping: Record<string, Json> = {};
  for (;;) {
    const line = cursor.lines[cursor.at];
    if (line === undefined || line.indent < indent) return mapping;
    if (line.indent > indent || isItem(line.content)) return undefined;
    const [, key, scalar] = pair.exec(line.content) ?? [];
    if (key === undefined || !isPlainKey(key) || Object.hasOwn(mapping, key)) return undefined;
    cursor.at++;
    const value = scalar === undefined ? parseValue(cursor, indent) : parseInline(scalar);
    if (value === undefined) return undefined;
    mapping[key] = value;
    const next = cursor.lines[cursor.at];
    if (next !== undefined && next.indent === indent && isItem(next.content)) return undefined;
  }
}

/** What follows `key:` on the next lines: a deeper block, a list at the same depth, or nothing. */
function parseValue(cursor: Cursor, indent: number): Json | undefined {
  const next = cursor.lines[cursor.at];
  if (next === undefined || next.indent < indent) return null;
  if (next.indent > indent) return parseBlock(cursor, next.indent);
  return isItem(next.content) ? parseList(cursor, indent) : null;
}

function parseList(cursor: Cursor, indent: number): Json | undefined {
  const list: Json[] = [];
  for (;;) {
    const line = cursor.lines[cursor.at];
    if (line === undefined || line.indent < indent) return list;
    if (line.indent > indent) return undefined;
    if (!isItem(line.content)) return list;
    const item = parseItem(cursor, line);
    if (item === undefined) return undefined;
    list.push(item);
  }
}

function parseItem(cursor: Cursor, line: Line): Json | undefined {
  const content = line.content.slice(1).trimStart();
  if (content === "") {
    cursor.at++;
    const next = cursor.lines[cursor.at];
    return next === undefined || next.indent <= line.indent ? null : parseBlock(cursor, next.indent);
  }
  if (isItem(content)) return undefined;
  if (!pair.test(content)) {
    cursor.at++;
    return parseInline(content);
  }
  const indent = line.indent + line.content.length - content.length;
  cursor.lines[cursor.at] = { indent, content };
  return parseMapping(cursor, indent);
}
