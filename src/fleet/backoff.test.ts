import { equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { backoff } from "./backoff.ts";

describe("backoff", () => {
  for (const [failures, random, expected] of [
    [1, 0, 100],
    [2, 0, 200],
    [3, 0.5, 300],
    [7, 0, 6_400],
    [8, 0, 10_000],
    [8, 0.5, 7_500],
    [10_000, 0, 10_000],
  ] as const) {
    test(`failure ${failures}, random ${random}: ${expected} ms`, () => equal(backoff(failures, random), expected));
  }
});
