import type { YAMLError } from "yaml";
import type { Position, Positioned } from "./positioned.ts";

/** Something that makes a text no YAML, or no JSON, and how to mend it. */
export interface SyntaxMistake {
  readonly code: "yaml-syntax" | "json-syntax" | "duplicate-key";
  readonly position: Position;
  readonly message: string;
  readonly remedy?: string;
}

/** What is wrong with a text as YAML: its first error, since the rest tends to follow from it, and all duplicate keys. */
export function syntaxMistakes(text: string, { document, at }: Positioned): readonly SyntaxMistake[] {
  const duplicates = document.errors.filter(({ code }) => code === "DUPLICATE_KEY");
  const first = document.errors.find(({ code }) => code !== "DUPLICATE_KEY");
  return [
    ...(first === undefined ? [] : [explained(text, first, at)]),
    ...duplicates.map((error) => duplicate(text, error, at)),
  ];
}

function duplicate(text: string, error: YAMLError, at: (offset: number) => Position): SyntaxMistake {
  const key = /^["']?([^"':\s]*)/.exec(text.slice(error.pos[0], error.pos[0] + 100))?.[1] ?? "";
  return {
    code: "duplicate-key",
    position: at(error.pos[0]),
    message: `"${key}" is there twice in the same mapping.`,
    remedy: 'Keep one of them. If two entries of a list were meant, the second needs its own "- ".',
  };
}

function explained(text: string, error: YAMLError, at: (offset: number) => Position): SyntaxMistake {
  const mistake = (message: string, remedy?: string, offset = error.pos[0]): SyntaxMistake => ({
    code: "yaml-syntax",
    position: at(offset),
    message,
    ...(remedy !== undefined && { remedy }),
  });
  const template = text.search(/\{\{/);
  if (template !== -1) {
    return mistake(
      "This looks like a template ({{ … }}), not like YAML.",
      "Render it first: helm template, or put the value in quotes if the braces are meant.",
      template,
    );
  }
  const line = text.slice(text.lastIndexOf("\n", error.pos[0] - 1) + 1).split("\n", 1)[0] ?? "";
  if (error.code === "TAB_AS_INDENT" || /^ *\t/.test(line)) {
    return mistake("A tab is used to indent; YAML only takes spaces.", "Replace the tab by spaces.");
  }
  const opening = openQuote(text);
  if (error.code === "MISSING_CHAR" && /quote/.test(error.message) && opening !== undefined) {
    return mistake(`The quote that begins here is never closed.`, `Add a closing ${text[opening]}.`, opening);
  }
  switch (error.code) {
    case "BAD_SCALAR_START": {
      const character = text[error.pos[0]] ?? "";
      return mistake(
        `A plain value can't begin with ${character}.`,
        `Put it in quotes: "${rest(text, error.pos[0])}".`,
      );
    }
    case "BAD_DQ_ESCAPE":
      return mistake(
        `${text.slice(...error.pos)} is no escape in double quotes.`,
        "Write \\\\ for a backslash, or use single quotes.",
      );
    case "BAD_ALIAS":
      return mistake("An alias (*name) needs an anchor (&name) before it.", "A value that begins with * needs quotes.");
    case "BLOCK_AS_IMPLICIT_KEY":
    case "MULTILINE_IMPLICIT_KEY":
      return mistake(
        "A mapping begins where a value is expected.",
        'A value that holds ": " needs quotes; otherwise check the indentation of this line.',
      );
    case "MISSING_CHAR":
      return mistake(
        sentence(error.message),
        "Check the indentation, and that each key is followed by a colon and a space.",
      );
    case "BAD_INDENT":
    case "UNEXPECTED_TOKEN":
    case "IMPOSSIBLE":
      return mistake(sentence(error.message), "Check the indentation of this line and the one before it.");
    default:
      return mistake(sentence(error.message));
  }
}

/** Where a quote begins that no quote of its kind closes. */
function openQuote(text: string): number | undefined {
  for (const match of text.matchAll(/(?<=(?:^|[\s[{,:-]))(?:"(?:[^"\\]|\\[\s\S])*("?)|'(?:[^']|'')*('?))/g)) {
    if (match[1] === "" || match[2] === "") return match.index;
    // A value in quotes rarely holds a line that looks like a field: its quote was left open, and the next one closed it.
    if (/\n\s*(?:- )?[A-Za-z]+:(?:\s|$)/.test(match[0])) return match.index;
  }
  return undefined;
}

function rest(text: string, offset: number): string {
  return (text.slice(offset).split("\n", 1)[0] ?? "").trimEnd();
}

function sentence(message: string): string {
  const plain = (message.split("\n", 1)[0] ?? "").replace(/ at line \d+, column \d+:?$/, "").trim();
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
