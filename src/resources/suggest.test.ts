import { equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { didYouMean, edits, nearest } from "./suggest.ts";

describe("nearest", () => {
  const backendRef = ["group", "kind", "name", "namespace", "port", "weight", "filters"];
  for (const [word, choices, expected] of [
    ["wieght", backendRef, "weight"],
    ["Port", backendRef, "port"],
    ["serviceName", backendRef, "name"],
    ["servicePort", backendRef, "port"],
    ["namspace", backendRef, "namespace"],
    ["colour", backendRef, undefined],
    ["host", ["hostnames", "rules"], "hostnames"],
    ["pathType", ["type", "value"], "type"],
    ["target", ["port", "targetPort"], "targetPort"],
    ["HttpRoute", ["GRPCRoute", "HTTPRoute"], "HTTPRoute"],
    ["prefix", ["Exact", "PathPrefix"], "PathPrefix"],
    ["constructor", backendRef, undefined],
    ["", backendRef, undefined],
  ] as const) {
    test(`${word} → ${expected}`, () => equal(nearest(word, choices), expected));
  }
});

describe("edits", () => {
  for (const [a, b, expected] of [
    ["weight", "weight", 0],
    ["wieght", "weight", 1],
    ["weigt", "weight", 1],
    ["weightt", "weight", 1],
    ["veight", "weight", 1],
    ["", "ab", 2],
    ["abc", "xyz", 3],
  ] as const) {
    test(`${a} → ${b}: ${expected}`, () => {
      equal(edits(a, b, 3), expected);
      equal(edits(b, a, 3), expected);
    });
  }
});

test("didYouMean falls back", () => equal(didYouMean("zzz", ["a"], "Remove it."), "Remove it."));
