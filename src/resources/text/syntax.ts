import { type Document, visit, type YAMLError } from "yaml";
import { tooDeep } from "../nesting.ts";
import type { Position, Positioned } from "./positioned.ts";

/** Something that makes a text no YAML, or no JSON, and how to mend it. */
export interface SyntaxMistake {
  readonly code: "yaml-syntax" | "json-syntax" | "duplicate-key";
  readonly position: Position;
  readonly message: string;
  readonly remedy?: string;
}

/**
 * What is wrong with a text as YAML: its first error, since the others tend to follow from it. Duplicate keys, which
 * nothing follows from, all at once.
 */
export function syntaxMistakes(text: string, positioned: Positioned): readonly SyntaxMistake[] {
  const { document, at } = positioned;
  const error = document.errors.find(({ code }) => code !== "DUPLICATE_KEY");
  if (error !== undefined) return [mistakeOf(explained(text, error), at)];
  const alias = unresolvedAlias(document);
  if (alias !== undefined) return [mistakeOf(alias, at)];
  return document.errors.map(({ pos }) => mistakeOf(duplicateKey(text, pos[0]), at));
}

interface Explained {
  readonly code?: SyntaxMistake["code"];
  readonly offset: number;
  readonly message: string;
  readonly remedy?: string;
}

function mistakeOf({ offset, ...rest }: Explained, at: (offset: number) => Position): SyntaxMistake {
  return { code: "yaml-syntax", ...rest, position: at(offset) };
}

function duplicateKey(text: string, offset: number): Explained {
  const key = /^["']?([^"':\s]*)/.exec(text.slice(offset, offset + 100))?.[1] ?? "";
  const isJson = /^\s*[[{]/.test(text);
  const remedy = isJson ? "" : ' If two entries of a list were meant, the second needs its own "- ".';
  const message = `"${key}" is there twice in the same mapping.`;
  return { code: "duplicate-key", offset, message, remedy: `Keep one of them.${remedy}` };
}

/** `*name` without an `&name` before it: mostly a value that begins with a star and lacks its quotes. */
function unresolvedAlias(document: Document.Parsed): Explained | undefined {
  let found: Explained | undefined;
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) !== undefined) return undefined;
      const word = `*${alias.source}`;
      const message = `${word} refers to an anchor, &${alias.source}, and there is none before it.`;
      found = {
        offset: alias.range?.[0] ?? 0,
        message,
        remedy: `If the value itself begins with a star, put it in quotes: "${word}".`,
      };
      return visit.BREAK;
    },
  });
  return found;
}

function explained(text: string, error: YAMLError): Explained {
  const offset = error.pos[0];
  const template = text.indexOf("{{");
  if (template !== -1) {
    return {
      offset: template,
      message: "This looks like a template ({{ … }}), not like YAML.",
      remedy: "Render it first: helm template, or put the value in quotes if the braces are meant.",
    };
  }
  if (/call stack/.test(error.message)) return { offset, message: tooDeep };
  const line = text.slice(text.lastIndexOf("\n", offset - 1) + 1).split("\n", 1)[0] ?? "";
  if (error.code === "TAB_AS_INDENT" || /^ *\t/.test(line)) {
    return {
      offset,
      message: "A tab is used to indent; YAML only takes spaces.",
      remedy: "Replace the tab by spaces.",
    };
  }
  const open = openQuote(text) ?? (error.message.startsWith("Flow ") ? openBracket(text) : undefined);
  if (open !== undefined) {
    const what = text[open] ?? "";
    const closing = { "[": "]", "{": "}" }[what] ?? what;
    return {
      offset: open,
      message: `The ${what} that stands here is never closed.`,
      remedy: `Add a closing ${closing}.`,
    };
  }
  return { offset, ...inWords(text, error) };
}

/** Remedies for what has a usual cause; the library's own words for the rest. */
function inWords(text: string, { code, message, pos }: YAMLError): Omit<Explained, "offset"> {
  const rest = (text.slice(pos[0]).split("\n", 1)[0] ?? "").trimEnd();
  switch (code) {
    case "BAD_SCALAR_START":
      return { message: `A plain value can't begin with ${rest.charAt(0)}.`, remedy: `Put it in quotes: "${rest}".` };
    case "BAD_DQ_ESCAPE":
      return {
        message: `${rest.slice(0, 2)} is no escape in double quotes.`,
        remedy: "Write \\\\ for a backslash, or use single quotes.",
      };
    case "BLOCK_AS_IMPLICIT_KEY":
    case "MULTILINE_IMPLICIT_KEY":
      return {
        message: "A mapping begins where a value is expected.",
        remedy: 'A value that holds ": " needs quotes; otherwise check the indentation of this line.',
      };
    case "MISSING_CHAR":
      return { message: "A key needs a colon and a space after it.", remedy: "Check the indentation, too." };
    case "NON_STRING_KEY":
      return { message: "A key must be a word.", remedy: "If brackets are meant, put them in quotes." };
    case "BAD_INDENT":
    case "UNEXPECTED_TOKEN":
    case "IMPOSSIBLE":
      return { message: sentence(message), remedy: "Check the indentation of this line and the one before it." };
    default:
      return { message: sentence(message) };
  }
}

/** Where a quote begins that no quote of its kind closes. */
function openQuote(text: string): number | undefined {
  for (const match of text.matchAll(quoted)) {
    if (match[1] === "" || match[2] === "") return match.index;
    // A value in quotes rarely holds a line that looks like a field: its quote was left open, and the next one closed it.
    if (/\n\s*(?:- )?[A-Za-z]+:(?:\s|$)/.test(match[0])) return match.index;
  }
  return undefined;
}

/** A value in quotes; an empty group if it isn't closed. */
const quoted = /(?<=(?:^|[\s[{,:-]))(?:"(?:[^"\\]|\\[\s\S])*("?)|'(?:[^']|'')*('?))/g;

/** Where the innermost bracket opens that nothing closes. Brackets in quotes, in comments and within words don't count. */
function openBracket(text: string): number | undefined {
  const plain = text
    .replaceAll(quoted, (match) => " ".repeat(match.length))
    .replaceAll(/(?<=^|\s)#.*/g, (match) => " ".repeat(match.length));
  const open: number[] = [];
  for (const { 0: bracket, index } of plain.matchAll(/(?<=[\s[{,])[[{]|[\]}]/g)) {
    if (bracket === "[" || bracket === "{") open.push(index);
    else open.pop();
  }
  return open.at(-1);
}

function sentence(message: string): string {
  const plain = (message.split("\n", 1)[0] ?? "").trim();
  return plain.endsWith(".") ? plain : `${plain}.`;
}

/** What is wrong with a text as JSON, from the engine's own words. */
export function jsonMistake(text: string, error: unknown): SyntaxMistake {
  const words = error instanceof Error ? error.message : String(error);
  const offset = Number(/position (\d+)/.exec(words)?.[1] ?? text.length);
  const before = text.slice(0, offset).split("\n");
  const message = words.replace(/ in JSON at position.*$/, "").replace(/, (\.\.\.)?".*is not valid JSON$/s, "");
  return {
    code: "json-syntax",
    position: { line: before.length - 1, column: (before.at(-1)?.length ?? 0) + 1 },
    message: `This is no JSON: ${message.charAt(0).toLowerCase()}${message.slice(1)}.`,
    ...(/,\s*$/.test(text.slice(0, offset)) && { remedy: "Remove the comma before it." }),
  };
}

/** Whether a JSON text names a field twice in one object, which JSON.parse takes silently. `fields` is how many it kept. */
export function hasDuplicateKeys(text: string, fields: number): boolean {
  let keys = 0;
  for (const [, colon] of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)) if (colon !== undefined) keys++;
  return keys > fields;
}
