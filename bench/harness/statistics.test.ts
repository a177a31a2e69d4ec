import { equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { mean, percentile, trimmedMean } from "./statistics.ts";

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

describe("trimmed mean", () => {
  test("leaves out a tenth at each end", () => equal(trimmedMean([1_000, 3, 3, 3, 3, 5, 5, 5, 5, -1_000]).value, 4));

  test("has the error of a mean where nothing is left out", () =>
    equal(trimmedMean([1, 2, 3, 4]).error, Math.sqrt(5 / 3 / 4)));

  test("has a larger error than the mean of what is left", () => {
    const { error } = trimmedMean([0, 3, 3, 3, 3, 5, 5, 5, 5, 9]);
    equal(error, (Math.sqrt(10 / 9 / 10) * 10) / 8);
  });
});
