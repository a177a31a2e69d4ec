import { deepEqual } from "node:assert/strict";
import { describe, test } from "node:test";
import { commonEnds } from "./common-ends.ts";

describe("commonEnds", () => {
  for (const [before, after, start, end] of [
    ["", "", 0, 0],
    ["", "a", 0, 0],
    ["abc", "abc", 3, 0],
    ["abc", "axyc", 1, 1],
    ["abc", "ab", 2, 0],
    ["abc", "bc", 0, 2],
    ["aa", "aaa", 2, 0],
    ["aba", "a", 1, 0],
    ["abc", "xyz", 0, 0],
  ] as const) {
    test(`"${before}" and "${after}": ${start}, ${end}`, () => {
      deepEqual(commonEnds(before.split(""), after.split(""), Object.is), { start, end });
    });
  }
});
