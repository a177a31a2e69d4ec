import { equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { milliseconds } from "./duration.ts";

describe("milliseconds", () => {
  for (const [duration, expected] of [
    ["0s", 0],
    ["0h0m0s0ms", 0],
    ["500ms", 500],
    ["1s", 1_000],
    ["1m", 60_000],
    ["1h", 3_600_000],
    ["1m500ms", 60_500],
    ["1h30m10s5ms", 5_410_005],
    ["10s10s", 20_000],
    ["99999h", 359_996_400_000],
  ] as const) {
    test(`${duration} = ${expected}`, () => equal(milliseconds(duration), expected));
  }
});
