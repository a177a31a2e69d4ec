import { equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { deepEqual } from "./equal.ts";

class Point {
  readonly x = 1;
}

const point = new Point();
const nothing: unknown = Object.create(null);

describe("deepEqual", () => {
  for (const [what, a, b, expected] of [
    ["the same number", 1, 1, true],
    ["NaN", Number.NaN, Number.NaN, true],
    ["zeros of either sign", 0, -0, false],
    ["a number and its text", 1, "1", false],
    ["integers of any size", 10n, 10n, true],
    ["null and undefined", null, undefined, false],
    ["null and an object", null, {}, false],
    ["objects in another order", { a: 1, b: [2] }, { b: [2], a: 1 }, true],
    ["a key more", { a: 1 }, { a: 1, b: 2 }, false],
    ["a key less", { a: 1, b: 2 }, { a: 1 }, false],
    ["another key", { a: undefined }, { b: undefined }, false],
    ["a value deep down", { a: [{ b: 1 }] }, { a: [{ b: 2 }] }, false],
    ["arrays in another order", [1, 2], [2, 1], false],
    ["a longer array", [1], [1, undefined], false],
    ["an array and an object", [], {}, false],
    ["an object without prototype", nothing, Object.create(null), true],
    ["an object with and one without prototype", nothing, {}, false],
    ["maps", new Map([["a", { b: 1 }]]), new Map([["a", { b: 1 }]]), true],
    ["maps with another value", new Map([["a", { b: 1 }]]), new Map([["a", { b: 2 }]]), false],
    ["maps with another key", new Map([["a", undefined]]), new Map([["b", undefined]]), false],
    ["sets", new Set(["a", "b"]), new Set(["b", "a"]), true],
    ["other sets", new Set(["a"]), new Set(["b"]), false],
    ["dates", new Date(5), new Date(5), true],
    ["other dates", new Date(5), new Date(6), false],
    ["bytes", Uint8Array.of(1, 2), Uint8Array.of(1, 2), true],
    ["other bytes", Uint8Array.of(1, 2), Uint8Array.of(1, 3), false],
    ["bytes at another place", Uint8Array.of(0, 1).subarray(1), Uint8Array.of(1), true],
    ["buffers", Buffer.from("ab"), Buffer.from("ab"), true],
    ["a buffer and bytes", Buffer.from("a"), Uint8Array.of(97), false],
    ["array buffers", Uint8Array.of(1).buffer, Uint8Array.of(2).buffer, false],
    ["an instance and itself", point, point, true],
    ["two instances of a class", point, new Point(), false],
    ["two functions", () => 1, () => 1, false],
    ["two errors", new Error("a"), new Error("a"), false],
  ] as const) {
    test(`${what}: ${expected}`, () => {
      equal(deepEqual(a, b), expected);
      equal(deepEqual(b, a), expected);
    });
  }
});
