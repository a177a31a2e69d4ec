import { ok } from "node:assert/strict";
import fc from "fast-check";
import { stringify } from "yaml";
import type { SourceLocation } from "../../src/resources/origin.ts";
import { readDocuments } from "../../src/resources/read-documents.ts";
import type { Generator } from "./generate.ts";

/** Pieces that mean something to YAML, or to those who count its lines. */
const pieces = [
  "---\n",
  "...\n",
  "\n",
  "\r\n",
  "\r",
  "\t",
  "  ",
  "- ",
  ": ",
  "? ",
  "{",
  "}",
  "[",
  "]",
  ",",
  "&a ",
  "*a",
  "!!binary ",
  "!x ",
  "|\n",
  ">-\n",
  "'",
  '"',
  "#",
  "<<: *a\n",
  "\u0000",
  "\ufeff",
  "\u0085",
  "\u2028",
  "\ud800",
  "\\",
  "%YAML 1.1\n",
  "null",
  "~",
  "yes",
  "0x10",
  "1e999",
  "__proto__: 1\n",
  "kind: List\nitems:\n",
  "apiVersion: v1\n",
];

type Edit = { readonly at: number; readonly removed: number; readonly added: string };

/** Documents with something put in or taken out here and there, and texts that never were one. */
export function texts(generator: Generator): fc.Arbitrary<string> {
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    removed: fc.oneof(fc.constant(0), fc.nat({ max: 30 })),
    added: fc.oneof(fc.constantFrom("", ...pieces), fc.string({ unit: "binary", maxLength: 4 })),
  });
  const document = fc
    .tuple(generator.document(), fc.boolean(), fc.constantFrom("block", "flow"))
    .map(([value, asJson, style]) =>
      asJson
        ? JSON.stringify(value, undefined, style === "flow" ? 0 : 2)
        : stringify(value, { collectionStyle: style === "flow" ? "flow" : "block" }),
    );
  const edited = fc
    .tuple(fc.array(document, { minLength: 1, maxLength: 3 }), fc.array(edit, { maxLength: 4 }))
    .map(([documents, edits]) => edits.reduce(applied, documents.join("---\n")));
  const odd = fc
    .array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: "binary", maxLength: 6 })), { maxLength: 30 })
    .map((parts) => parts.join(""));
  return fc.oneof({ weight: 5, arbitrary: edited }, { weight: 1, arbitrary: odd });
}

function applied(text: string, { at, removed, added }: Edit): string {
  const start = Math.floor(at * text.length);
  return text.slice(0, start) + added + text.slice(start + removed);
}

/** @throws if a text can't be read at all, or something is said to be where the text is not */
export function readsEverything(text: string): void {
  // A lone carriage return ends a line for YAML and for hardly any editor; places count line feeds.
  const lines = text.split("\n");
  const inside = ({ line, column }: SourceLocation, what: string): void => {
    ok(line >= 1 && line <= lines.length, `${what}: line ${line} of ${lines.length}`);
    // One behind the end is where something is missing; of a byte order mark nobody counts columns.
    ok(column >= 1 && column <= (lines[line - 1] ?? "").length + 2, `${what}: column ${column} of line ${line}`);
  };
  for (const document of readDocuments(text, "fuzz.yaml")) {
    for (const { location, message } of document.findings) {
      ok(location !== undefined, `no place: ${message}`);
      inside(location, message);
    }
    if (document.object !== undefined) inside(document.locate(["spec", "rules", 0, "name"]), "a field");
  }
}
