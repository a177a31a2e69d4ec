import { equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { mean, percentile } from "./statistics.ts";

const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

describe("percentile", () => {
  for (const [values, percent, expected] of [
    [hundred, 50, 50],
    [hundred, 99, 99],
    [hundred, 100, 100],
    [[7], 50, 7],
    [[7], 0, 7],
    [[], 50, Number.NaN],
  ] as const) {
    test(`${percent} % of ${values.length} values`, () => equal(percentile(values, percent), expected));
  }
});

describe("mean", () => {
  test("of some values", () => equal(mean([1, 2, 6]), 3));
  test("of none is no number, which keeps no limit", () => equal(mean([]), Number.NaN));
});
