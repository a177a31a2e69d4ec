import { equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { settledAt } from "./settle.ts";

const times = { replaced: 10, written: 50, atMost: 500 };
const file = { kind: "file", known: true, size: 9, modified: 0 } as const;

describe("settledAt", () => {
  for (const [what, event, look, emptied, expected] of [
    ["a rename", "replaced", file, false, 1010],
    ["a write", "written", file, false, 1050],
    ["a write whose event is on its way", "written", { ...file, modified: 1020 }, false, 1070],
    ["a time of modification that is in the future", "written", { ...file, modified: 99_999 }, false, 1050],
    ["a file that lost its content", "written", { ...file, size: 0 }, true, 1500],
    ["a rename to an empty file", "replaced", { ...file, size: 0 }, true, 1500],
    ["an empty file that never had content", "written", { ...file, size: 0 }, false, 1050],
    ["a file that vanished", "replaced", { kind: "absent", known: true }, false, 1050],
    ["a temporary file that came and went", "written", { kind: "absent", known: false }, false, 1000],
    ["a directory", "replaced", { kind: "directory", known: false }, false, 1010],
  ] as const) {
    test(`${what} is settled after ${expected - 1000} ms`, () => {
      equal(settledAt({ last: 1000, event }, look, emptied, 1030, times), expected);
    });
  }

  test("a clock that was set back doesn't make it wait longer", () => {
    equal(settledAt({ last: 5000, event: "replaced" }, file, false, 1000, times), 1010);
  });
});
