import { deepEqual } from "node:assert/strict";
import { describe, test } from "node:test";
import { splitDocuments } from "./split-documents.ts";

describe("splitDocuments", () => {
  for (const [what, stream, expected] of [
    ["nothing", "", []],
    ["one", "a: 1\n", [["a: 1\n", 0]]],
    ["no newline at the end", "a: 1", [["a: 1", 0]]],
    [
      "two",
      "a: 1\n---\nb: 2\n",
      [
        ["a: 1\n", 0],
        ["b: 2\n", 2],
      ],
    ],
    ["a marker first", "---\na: 1\n", [["a: 1\n", 1]]],
    ["comments and blank lines only", "# a\n\n---\n  # b\n--- # c\n...\n", []],
    ["a comment before content", "# a\na: 1\n", [["# a\na: 1\n", 0]]],
    ["content on the marker's line", "--- {a: 1}\n", [["--- {a: 1}\n", 0]]],
    [
      "an end marker",
      "a: 1\n...\n# b\nb: 2\n",
      [
        ["a: 1\n...\n", 0],
        ["# b\nb: 2\n", 2],
      ],
    ],
    [
      "directives go with what follows",
      "%YAML 1.2\n# c\n---\na: 1\n---\nb: 2\n",
      [
        ["%YAML 1.2\n# c\n---\na: 1\n", 0],
        ["b: 2\n", 5],
      ],
    ],
    [
      "directives after an end marker",
      "a: 1\n...\n%YAML 1.2\n---\nb: 2\n",
      [
        ["a: 1\n...\n", 0],
        ["%YAML 1.2\n---\nb: 2\n", 2],
      ],
    ],
    ["dashes that are no marker", "a: |\n  ---\nb: ----\n---c: 1\n", [["a: |\n  ---\nb: ----\n---c: 1\n", 0]]],
    [
      "Windows' line ends",
      "a: 1\r\n---\r\nb: 2\r\n",
      [
        ["a: 1\r\n", 0],
        ["b: 2\r\n", 2],
      ],
    ],
  ] as const) {
    test(what, () =>
      deepEqual(
        splitDocuments(stream).map(({ text, line }) => [text, line]),
        expected,
      ),
    );
  }
});
