import { type Document, isAlias, isCollection, isMap, isPair, isScalar, isSeq, type Pair, parseDocument } from "yaml";
import type { FieldPath } from "../origin.ts";
import type { Json } from "../schema.ts";

/** A place in a document's text; lines and columns count from 0 and 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A document that was parsed with the position of everything in it. */
export interface Positioned {
  readonly document: Document.Parsed;
  readonly at: (offset: number) => Position;
}

/**
 * Parses a document with positions: YAML 1.2, the core schema, and `<<` as Kubernetes merges it.
 *
 * Tabs between the tokens of JSON are blanks; YAML would refuse some of them.
 */
export function parsePositioned(text: string): Positioned {
  const source = /^\s*[[{]/.test(text) ? text.replaceAll("\t", " ") : text;
  const document = parseDocument(source, {
    merge: true,
    stringKeys: true,
    version: "1.2",
    prettyErrors: false,
  });
  let starts: readonly number[] | undefined;
  const at = (offset: number): Position => {
    starts ??= lineStarts(source);
    let line = 0;
    for (let after = starts.length; after - line > 1; ) {
      const middle = (line + after) >> 1;
      if ((starts[middle] ?? 0) <= offset) line = middle;
      else after = middle;
    }
    return { line, column: offset - (starts[line] ?? 0) + 1 };
  };
  return { document, at };
}

/** Where each line begins. (The library's counter misses lines behind some mistakes.) */
function lineStarts(text: string): readonly number[] {
  return [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
}

let last: { readonly text: string; readonly positioned: Positioned } | undefined;

/**
 * {@link parsePositioned}, remembered for one text: questions come in runs about one document. A tree for every document
 * would take more memory than all else that is known of it.
 */
export function positionsIn(text: string): Positioned {
  if (last?.text !== text) last = { text, positioned: parsePositioned(text) };
  return last.positioned;
}

/** The value of a document that has no errors. Throws where aliases would make it too large. */
export function valueIn({ document }: Positioned): Json {
  return document.toJS({ maxAliasCount: 1000 });
}

/**
 * Where a field is: a scalar by itself, a list or mapping by the key in front of it, an entry of a list by its first
 * character. What isn't there (a default, a missing field) is where its nearest parent is.
 *
 * @param atKey the place of the key, even of a scalar
 */
export function locateIn({ document, at }: Positioned, path: FieldPath, atKey = false): Position {
  let node: unknown = document.contents;
  let place = startOf(node) ?? 0;
  for (const [index, step] of path.entries()) {
    const holder = isAlias(node) ? node.resolve(document) : node;
    const isLast = index === path.length - 1;
    if (isMap(holder)) {
      const pair = holder.items.find(({ key }) => (isScalar(key) ? String(key.value) : key) === String(step));
      if (pair === undefined) break;
      node = pair.value;
      place = placeOfPair(pair, isLast && atKey) ?? place;
    } else if (isSeq(holder)) {
      node = holder.items[Number(step)];
      if (node === undefined) break;
      place = startOf(node) ?? place;
    } else break;
  }
  return at(place);
}

function placeOfPair({ key, value }: Pair, atKey: boolean): number | undefined {
  const isEmpty = isScalar(value) && value.value === null && value.source === "";
  return atKey || isCollection(value) || isEmpty ? startOf(key) : (startOf(value) ?? startOf(key));
}

function startOf(node: unknown): number | undefined {
  if (isPair(node)) return startOf(node.key);
  if (typeof node !== "object" || node === null || !("range" in node) || !Array.isArray(node.range)) return undefined;
  const [start] = node.range;
  return typeof start === "number" ? start : undefined;
}
