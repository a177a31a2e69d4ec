import type { Json } from "../schema.ts";

/**
 * Parses a value that stands on one line: a scalar, or a flow collection of scalars and flow collections. Undefined
 * where the whole parser has to look, as for all of {@link quickParse}.
 *
 * @example parseInline("{ name: cart, port: 80 }")  // { name: "cart", port: 80 }
 */
export function parseInline(text: string): Json | undefined {
  const first = text.charAt(0);
  if (first !== "[" && first !== "{") return parseScalar(text);
  const cursor: Cursor = { text, at: 0 };
  const value = parseFlow(cursor);
  return cursor.at === text.length ? value : undefined;
}

/** Whether a plain key is a string, and nothing that means more. */
export function isPlainKey(key: string): boolean {
  return !/^(?:null|true|false|__proto__)$/i.test(key);
}

interface Cursor {
  readonly text: string;
  at: number;
}

function parseFlow(cursor: Cursor): Json | undefined {
  switch (cursor.text.charAt(cursor.at)) {
    case "[":
      return parseFlowList(cursor);
    case "{":
      return parseFlowMapping(cursor);
    default: {
      const scalar = take(cursor, /"[^"\\]*"|'[^']*'|[^,[\]{}"'#&*!|>%@`: ][^,[\]{}"'#:]*/y);
      return scalar === undefined ? undefined : parseScalar(scalar.trimEnd());
    }
  }
}

function parseFlowList(cursor: Cursor): Json | undefined {
  const list: Json[] = [];
  take(cursor, /\[ */y);
  while (take(cursor, /\]/y) === undefined) {
    const item = parseFlow(cursor);
    if (item === undefined || !endsEntry(cursor, "]")) return undefined;
    list.push(item);
  }
  return list;
}

function parseFlowMapping(cursor: Cursor): Json | undefined {
  const mapping: Record<string, Json> = {};
  take(cursor, /\{ */y);
  while (take(cursor, /\}/y) === undefined) {
    const key = take(cursor, /[A-Za-z_][A-Za-z0-9_./-]*(?=: +[^ ,}\]])/y);
    if (key === undefined || !isPlainKey(key) || Object.hasOwn(mapping, key)) return undefined;
    take(cursor, /: +/y);
    const value = parseFlow(cursor);
    if (value === undefined || !endsEntry(cursor, "}")) return undefined;
    mapping[key] = value;
  }
  return mapping;
}

/** A comma and another entry, or the end of the collection. */
function endsEntry(cursor: Cursor, close: string): boolean {
  take(cursor, / +/y);
  const next = cursor.text.charAt(cursor.at);
  return next === close || (next === "," && take(cursor, /, *(?=[^ ,}\]])/y) !== undefined);
}

function take(cursor: Cursor, expression: RegExp): string | undefined {
  expression.lastIndex = cursor.at;
  const found = expression.exec(cursor.text)?.[0];
  if (found !== undefined) cursor.at += found.length;
  return found;
}

const words: ReadonlyMap<string, Json> = new Map<string, Json>([
  ["true", true],
  ["false", false],
  ["null", null],
]);

/** Plain words that YAML 1.1 or the core schema reads as something else than a string. */
const ambiguous = /^(?:y|n|yes|no|on|off|true|false|null)$/i;

/** Whatever YAML 1.1 or 1.2 may read as a number or a date. */
const mayBeNumber = /^[0-9][0-9a-fA-F_]*$|^0[xob]|^[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?$|^[0-9]+(?::[0-9]+)+/;

function parseScalar(text: string): Json | undefined {
  if (words.has(text)) return words.get(text);
  const first = text.charAt(0);
  if (first === '"') return /^"[^"\\]*"$/.test(text) ? text.slice(1, -1) : undefined;
  if (first === "'") return /^'[^']*'$/.test(text) ? text.slice(1, -1) : undefined;
  if (!/[A-Za-z0-9_/]/.test(first) || text.includes(": ") || text.endsWith(":") || ambiguous.test(text))
    return undefined;
  if (first < "0" || first > "9") return text;
  if (/^(?:0|[1-9][0-9]{0,14})$/.test(text)) return Number(text);
  return mayBeNumber.test(text) ? undefined : text;
}
