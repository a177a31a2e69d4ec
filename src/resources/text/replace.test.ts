import { equal } from "node:assert/strict";
import { describe, test } from "node:test";
import type { Change } from "../fix.ts";
import { replacementFor } from "./replace.ts";

function mended(text: string, change: Change): string | undefined {
  const found = replacementFor(text, change);
  return found && text.slice(0, found.start) + found.text + text.slice(found.end);
}

const set = (path: Change["path"], value: string | number | boolean | Record<string, string>): Change => ({
  kind: "set",
  path,
  value,
});
const rename = (path: Change["path"], name: string): Change => ({ kind: "rename", path, name });
const remove = (...path: Change["path"]): Change => ({ kind: "remove", path });

describe("replacementFor", () => {
  for (const [name, text, change, expected] of [
    ["a scalar, with its comment", 'a:\n  port: "80" # web\n', set(["a", "port"], 80), "a:\n  port: 80 # web\n"],
    ["a number that becomes a text", "a: 80\n", set(["a"], "80"), 'a: "80"\n'],
    ["single quotes stay", "a: 'get'\n", set(["a"], "GET"), "a: 'GET'\n"],
    ["double quotes stay", 'a: "get"\n', set(["a"], "GET"), 'a: "GET"\n'],
    ["words that YAML reads otherwise are quoted", "a: x\n", set(["a"], "on"), 'a: "on"\n'],
    ["an empty value", "a:\nb: 1\n", set(["a"], "x"), "a: x\nb: 1\n"],
    ["an entry of a list", "a:\n- x\n- y\n", set(["a", 1], "z"), "a:\n- x\n- z\n"],
    ["a key", "a:\n  wieght: 3\n", rename(["a", "wieght"], "weight"), "a:\n  weight: 3\n"],
    ["a key in JSON", '{"wieght": 3}', rename(["wieght"], "weight"), '{"weight": 3}'],
    [
      "a new field after the last that is one line",
      "a:\n  b: 1 # one\n  c:\n    d: 2\n",
      set(["a", "x"], "v"),
      "a:\n  b: 1 # one\n  x: v\n  c:\n    d: 2\n",
    ],
    ["a new field before all others", "a:\n  c:\n    d: 2\n", set(["a", "x"], "v"), "a:\n  x: v\n  c:\n    d: 2\n"],
    ["a new field in an entry", "- a:\n    b: 1\n", set([0, "x"], "v"), "- x: v\n  a:\n    b: 1\n"],
    ["a new field at the end without a newline", "a: 1", set(["x"], "v"), "a: 1\nx: v"],
    ["line ends of Windows", "a: 1\r\nb: 2\r\n", set(["x"], "v"), "a: 1\r\nb: 2\r\nx: v\r\n"],
    ["a new field in braces", "a: { b: 1 }\n", set(["a", "x"], { k: "v" }), "a: { b: 1, x: { k: v } }\n"],
    ["a new field in empty braces", "a: {}\n", set(["a", "x"], "v"), "a: { x: v }\n"],
    ["a new field in JSON", '{ "a": { "b": 1 } }', set(["a", "x"], "v"), '{ "a": { "b": 1, "x": "v" } }'],
    ["a field goes with its line", "a: 1\nb: # old\n  c: 2\n# next\nd: 3\n", remove("b"), "a: 1\n# next\nd: 3\n"],
    ["the first field of an entry", "- a: 1\n  b: 2\n", remove(0, "a"), "- b: 2\n"],
    ["the last field in braces", "{ a: 1, b: 2 }\n", remove("b"), "{ a: 1 }\n"],
    ["the first entry in brackets", "a: [x, y]\n", remove("a", 0), "a: [y]\n"],
    ["an entry of a list", "a:\n  - x: 1\n    y: 2\n  - z\n", remove("a", 0), "a:\n  - z\n"],
    ["not the only field of a block", "a:\n  b: 1\n", remove("a", "b"), undefined],
    ["not what an alias stands for", "a: &a { b: 1 }\nc: *a\n", set(["c", "b"], 2), undefined],
    ["not a collection for a scalar", "a:\n  b: 1\n", set(["a"], 2), undefined],
    ["not a block of text", "a: |\n  b\n", set(["a"], "c"), undefined],
  ] as const) {
    test(name, () => equal(mended(text, change), expected));
  }
});
