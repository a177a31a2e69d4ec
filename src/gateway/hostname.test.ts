import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { compareSpecificity, covers, intersect, mostSpecific, wildcardsOver } from "./hostname.ts";

describe("intersect", () => {
  for (const [listener, route, expected] of [
    [undefined, [], ["*"]],
    [undefined, ["a.example.com"], ["a.example.com"]],
    ["a.example.com", [], ["a.example.com"]],
    ["*.example.com", ["a.example.com", "b.org"], ["a.example.com"]],
    ["a.example.com", ["*.example.com"], ["a.example.com"]],
    ["*.example.com", ["*.example.com"], ["*.example.com"]],
    ["*.example.com", ["*.com"], ["*.example.com"]],
    ["*.example.com", ["*.a.example.com"], ["*.a.example.com"]],
    ["*.example.com", ["example.com"], []],
    ["*.example.com", ["a.b.example.com"], ["a.b.example.com"]],
    ["a.example.com", ["b.example.com"], []],
    ["Example.com", ["EXAMPLE.com"], ["example.com"]],
  ] as const) {
    test(`${listener ?? "any"} ∩ [${route.join()}] = [${expected.join()}]`, () => {
      deepEqual(
        intersect(listener, route).map((match) => match.hostname),
        expected,
      );
    });
  }

  test("keeps the most specific of the route's own names for one intersection", () => {
    deepEqual(intersect("a.example.com", ["*.com", "a.example.com", "*.example.com"]), [
      { hostname: "a.example.com", original: "a.example.com" },
    ]);
  });
});

describe("covers", () => {
  for (const [outer, inner, expected] of [
    ["*", "*.com", true],
    ["*.com", "*", false],
    ["*.example.com", "*.example.com", true],
    ["*.example.com", "xexample.com", false],
    ["a.com", "a.com", true],
  ] as const) {
    test(`${outer} ${expected ? "covers" : "does not cover"} ${inner}`, () => equal(covers(outer, inner), expected));
  }
});

test("exact names come before wildcards, longer before shorter, and any host last", () => {
  deepEqual(["*", "*.com", "a.com", "*.example.com", "long.example.com"].sort(compareSpecificity), [
    "long.example.com",
    "a.com",
    "*.example.com",
    "*.com",
    "*",
  ]);
});

test("the most specific hostname that covers another", () => {
  equal(mostSpecific(["*", "*.com", "b.com"], "a.com"), "*.com");
  equal(mostSpecific(["b.com"], "a.com"), undefined);
});

describe("wildcardsOver", () => {
  for (const [hostname, expected] of [
    ["a.b.com", ["*.b.com", "*.com", "*"]],
    ["*.b.com", ["*.com", "*"]],
    ["localhost", ["*"]],
    ["*", []],
  ] as const) {
    test(`${hostname}: ${expected.join(" ") || "none"}`, () => {
      deepEqual(wildcardsOver(hostname), expected);
      for (const wildcard of expected) equal(covers(wildcard, hostname), true);
    });
  }
});
