import {
  type Document,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import type { Change } from "../fix.ts";
import type { FieldPath } from "../origin.ts";
import { isJsonObject, type Json } from "../schema.ts";
import { positionsIn } from "./positioned.ts";

/** The characters from `start` to `end`, counted in the document's text, become `text`. */
export interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * A change as an edit of the text, which leaves every comment, blank and quote of the rest as it is. Undefined where that is
 * not clear: what an alias or a merge stands for is written elsewhere, and perhaps for others, too.
 *
 * @example replacementFor("port: \"80\" # web\n", { kind: "set", path: ["port"], value: 80 })
 * // { start: 6, end: 10, text: "80" }
 */
export function replacementFor(text: string, change: Change): Replacement | undefined {
  const { document } = positionsIn(text);
  const step = change.path.at(-1);
  const holder = nodeAt(document, change.path.slice(0, -1));
  const source: Source = { text, isJson: /^\s*[[{]/.test(text), newline: text.includes("\r\n") ? "\r\n" : "\n" };
  if (step === undefined) return undefined;
  switch (change.kind) {
    case "set":
      return isMap(holder)
        ? setField(source, holder, String(step), change.value)
        : setEntry(source, holder, step, change.value);
    case "rename": {
      const key = isMap(holder) ? pairOf(holder, String(step))?.key : undefined;
      return key === undefined ? undefined : replaceScalar(source, key, change.name);
    }
    case "remove":
      return isMap(holder) || isSeq(holder) ? removeFrom(source, holder, step) : undefined;
  }
}

interface Source {
  readonly text: string;
  readonly isJson: boolean;
  readonly newline: string;
}

function nodeAt(document: Document.Parsed, path: FieldPath): unknown {
  let node: unknown = document.contents;
  for (const step of path) {
    if (isMap(node)) node = pairOf(node, String(step))?.value;
    else if (isSeq(node)) node = node.items[Number(step)];
    else return undefined;
  }
  return node;
}

function pairOf(map: YAMLMap, field: string): Pair | undefined {
  return map.items.find(({ key }) => (isScalar(key) ? String(key.value) : key) === field);
}

function setField(source: Source, map: YAMLMap, field: string, value: Json): Replacement | undefined {
  const pair = pairOf(map, field);
  if (pair !== undefined) return replaceScalar(source, pair.value, value);
  const written = `${rendered(field, source)}: ${rendered(value, source)}`;
  const first = map.items[0];
  if (first === undefined) {
    const [start] = rangeOf(map) ?? [];
    return start === undefined ? undefined : insert(start + 1, ` ${written} `);
  }
  if (map.flow === true) return insert(endOf(map.items.at(-1)), `, ${written}`);
  const [start] = rangeOf(first.key) ?? [];
  if (start === undefined) return undefined;
  const indent = " ".repeat(start - lineStart(source, start));
  const last = map.items.findLast((one) => isOneLine(source, one));
  return last === undefined
    ? insert(start, `${written}${source.newline}${indent}`)
    : insert(lineEnd(source, endOf(last) ?? start), `${source.newline}${indent}${written}`);
}

function setEntry(source: Source, list: unknown, step: string | number, value: Json): Replacement | undefined {
  return isSeq(list) ? replaceScalar(source, list.items[Number(step)], value) : undefined;
}

function replaceScalar(source: Source, node: unknown, value: Json): Replacement | undefined {
  if (!isScalar(node) || node.type?.startsWith("BLOCK") === true) return undefined;
  const [start, end] = rangeOf(node) ?? [];
  if (start === undefined || end === undefined) return undefined;
  const text = rendered(value, source, node.type);
  return start === end ? insert(start, source.text[start - 1] === ":" ? ` ${text}` : text) : { start, end, text };
}

/** A whole line where it has lines of its own, else the entry and the comma that goes with it. */
function removeFrom(source: Source, holder: YAMLMap | YAMLSeq, step: string | number): Replacement | undefined {
  const items: readonly unknown[] = holder.items;
  const own = isMap(holder) ? pairOf(holder, String(step)) : undefined;
  const index = own === undefined ? Number(step) : items.indexOf(own);
  const item = items[index];
  const start = startOf(item);
  const end = endOf(item);
  if (start === undefined || end === undefined) return undefined;
  const after = startOf(items[index + 1]);
  if (holder.flow === true) {
    if (after !== undefined) return { start, end: after, text: "" };
    return { start: endOf(items[index - 1]) ?? start, end, text: "" };
  }
  if (items.length === 1) return undefined;
  const line = lineStart(source, start);
  const before = source.text.slice(line, start);
  if (isSeq(holder) ? /^\s*-\s+$/.test(before) : /^\s*$/.test(before)) {
    return { start: line, end: lineEnd(source, end) + source.newline.length, text: "" };
  }
  return after === undefined || source.text.slice(end, after).includes("#")
    ? undefined
    : { start, end: after, text: "" };
}

function insert(at: number | undefined, text: string): Replacement | undefined {
  return at === undefined ? undefined : { start: at, end: at, text };
}

function rangeOf(node: unknown): readonly [number, number] | undefined {
  if (typeof node !== "object" || node === null || !("range" in node) || !Array.isArray(node.range)) return undefined;
  const [start, end]: unknown[] = node.range;
  return typeof start === "number" && typeof end === "number" ? [start, end] : undefined;
}

function startOf(node: unknown): number | undefined {
  return rangeOf(isPair(node) ? node.key : node)?.[0];
}

/** Where the last character of a node is that counts: no blanks or comments after it. */
function endOf(node: unknown): number | undefined {
  if (isPair(node)) return endOf(node.value) ?? endOf(node.key);
  if (isCollection(node) && node.flow !== true && node.items.length > 0) return endOf(node.items.at(-1));
  return rangeOf(node)?.[1];
}

function isOneLine(source: Source, pair: Pair): boolean {
  const start = startOf(pair);
  const end = endOf(pair);
  return start !== undefined && end !== undefined && !source.text.slice(start, end).includes("\n");
}

function lineStart({ text }: Source, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}

function lineEnd({ text }: Source, offset: number): number {
  const end = text.indexOf("\n", offset);
  if (end === -1) return text.length;
  return text[end - 1] === "\r" ? end - 1 : end;
}

/** A value as it stands in a text, quoted as what it replaces was. */
function rendered(value: Json, source: Pick<Source, "isJson">, quotes?: string): string {
  if (source.isJson) return JSON.stringify(value);
  if (typeof value === "string") return renderedText(value, quotes);
  if (isJsonObject(value)) {
    const fields = Object.entries(value).map(([key, part]) => `${rendered(key, source)}: ${rendered(part, source)}`);
    return `{ ${fields.join(", ")} }`;
  }
  if (Array.isArray(value)) return `[${value.map((item: Json) => rendered(item, source)).join(", ")}]`;
  return JSON.stringify(value);
}

function renderedText(text: string, quotes?: string): string {
  if (quotes === "QUOTE_SINGLE") return `'${text.replaceAll("'", "''")}'`;
  const isPlain = /^[A-Za-z/][\w./-]*$/.test(text) && !/^(?:null|true|false|yes|no|on|off|y|n)$/i.test(text);
  return isPlain && quotes !== "QUOTE_DOUBLE" ? text : JSON.stringify(text);
}
