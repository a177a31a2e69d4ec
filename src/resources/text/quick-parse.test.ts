import { deepEqual, equal } from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { stringify } from "yaml";
import { fc } from "../../../test/fast-check.ts";
import { parsePositioned, valueIn } from "./positioned.ts";
import { quickParse } from "./quick-parse.ts";
import { splitDocuments } from "./split-documents.ts";

/** What the whole parser makes of a text; undefined if it finds an error. */
function wholeParse(text: string): { readonly value: unknown } | undefined {
  const positioned = parsePositioned(text);
  return positioned.document.errors.length > 0 ? undefined : { value: valueIn(positioned) };
}

/** Where the quick parser says anything, the whole one must say the same; also that nothing is wrong. */
function agree(text: string): boolean {
  const quick = quickParse(text);
  if (quick === undefined) return false;
  deepEqual(quick, wholeParse(text), text);
  return true;
}

describe("quickParse", () => {
  test("agrees with the whole parser on every document of the repository, and reads most of them", () => {
    const root = join(import.meta.dirname, "../../..");
    const files = globSync("{test,examples,src}/**/*.yaml", {
      cwd: root,
      exclude: (path) => path.includes("node_modules"),
    });
    const documents = files.flatMap((file) => splitDocuments(readFileSync(join(root, file), "utf8")));
    const read = documents.filter(({ text }) => agree(text)).length;
    equal(read > documents.length / 2, true, `${read} of ${documents.length}`);
  });

  for (const text of [
    "a: 1",
    "a:\n- b\n-  c: d\n   e: f\n-\n  g: h\n- - i\n",
    "a:\n  - b\n c: d\n",
    "a: b\n  c",
    "a:\n  b: c\n   d: e",
    "a: 'it''s'\nb: \"x\\n\"",
    "a: x # y\nb: x#y\nc: 'x # y'\n#z\n",
    "a: [b]\nc: {}\nd: []",
    "a: yes\nb: 0777\nc: 1_000\nd: 1e3\ne: 0x1f\nf: .5\ng: 2001-01-01\nh: 1:30\ni: ~\nj: null\nk: True",
    "a: 1.2.3.4\nb: 5s\nc: 12345678901234567890\nd: 1.5\ne: -1\nf: +1\ng: 08\nh: 0",
    "a: &x b\nc: *x\nd: !!str 1\n",
    "a: |\n  b\nc: >-\n  d",
    "a: b: c",
    "a:b\n",
    "a : b",
    "a:\tb",
    "a: b\na: c",
    "true: a\nnull: b\n__proto__: c\n80: d",
    "---\na: b\n...\n",
    "--- a\n",
    "- a\n- b: c\n  d: e\n-f\n",
    "a:\n- b\nc\n",
    "a: b\n- c",
    "a: http://b/c?d=e#f",
    "a: grün",
    "a:   \nb:",
    "a: 'b' # c\nd: e",
    'a: "b" c',
    "a: b,c]\nd: e}",
    "a: -\nb: ?\nc: - d",
    "? a\n: b",
    "a: @b\nc: `d`\ne: %f",
    "<<: a",
    "  a: b\n  c: d\n",
    "  a: b\nc: d\n",
    "a: b\r\nc:\r\n- d\r\n",
    "a:\n    b: c\n  # d\n    e: f",
    "a: b \nc: 1 \n",
    "a: 0o17\nb: 0b1\nc: Infinity\nd: nan\ne: .inf",
    "a: { b: c, d: 1 }\ne: [f, 'g, h', \"i: j\", { k: [] }]\nl:\n- { m: {} }",
    "a: {b: c}\nd: {e:f}\ng: [h: i]\nj: {k}\nl: [m,, n]\no: [p,]\nq: {r: s,}\nt: [u v, w]",
    "a: { b: {{ c }} }",
    "a: { b: c, b: d }",
    "a: [ b , c ]",
    "a: {\n b: c }",
    "a: { b: c:d, e: http://f }",
    "a: { b: , c: d }",
    "a: { b: yes, c: 0777, d: -1, e: *f, g: &h i, j: - }",
    "a: [b] c",
    "a: {b: c} # d",
    "a: { b: c#d, e: f }",
    "a: [ ]\nb: { }\nc: [ , ]",
    'a: { "b": c }',
    "a: [-b, -]",
    "a: /b/*\nc: _d\ne: a'b\nf: a\"b",
  ]) {
    test(`agrees on ${JSON.stringify(text)}`, () => void agree(text));
  }

  test("agrees on what a writer of YAML makes of any value", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(1, 2, 4), (value, indent) => {
        agree(stringify({ value }, { indent, indentSeq: indent !== 4 }));
      }),
      { numRuns: 500 },
    );
  });

  test("agrees on flow collections put together at random", () => {
    const part = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ",",
      ", ",
      " ",
      ": ",
      ":",
      "a",
      "b c",
      "1",
      "'d'",
      '"e"',
      "-",
      "#",
      "*f",
      "g: h",
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 10 }), (parts) => void agree(`k: [${parts.join("")}]`)),
      { numRuns: 5000 },
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 10 }), (parts) => void agree(`k: {${parts.join("")}}`)),
      { numRuns: 5000 },
    );
  });

  test("agrees on lines put together at random", () => {
    const word = fc.constantFrom(
      "a",
      "b:",
      "c: d",
      "- e",
      "- f: g",
      "-",
      "h: 1",
      'i: "j"',
      "k: []",
      "# l",
      "m: n: o",
      "'p'",
      "q:r",
    );
    const line = fc.tuple(fc.nat(3), word).map(([depth, content]) => " ".repeat(depth) + content);
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => void agree(lines.join("\n"))),
      { numRuns: 3000 },
    );
  });
});
