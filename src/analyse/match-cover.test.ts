import { equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { httpMatch } from "../gateway/match.ts";
import type { HTTPRouteMatch } from "../resources/generated/gateway-api.ts";
import { coversMatch } from "./match-cover.ts";

type Match = Partial<HTTPRouteMatch>;

const exact = (value: string): Match => ({ path: { type: "Exact", value } });
const prefix = (value: string): Match => ({ path: { type: "PathPrefix", value } });
const regex = (value: string): Match => ({ path: { type: "RegularExpression", value } });
const header = (type: "Exact" | "RegularExpression", value: string): Match => ({
  headers: [{ type, name: "version", value }],
});

/** As the schema's defaults have it. */
function requestMatch(match: Match): ReturnType<typeof httpMatch> {
  return httpMatch({ path: { type: "PathPrefix", value: "/" }, ...match });
}

describe("coversMatch", () => {
  for (const [name, outer, inner, expected] of [
    ["everything, everything", {}, {}, true],
    ["everything, a prefix", {}, prefix("/a"), true],
    ["a prefix, everything", prefix("/a"), {}, false],
    ["a prefix, below it", prefix("/a"), exact("/a/b"), true],
    ["a prefix, beside it", prefix("/a"), exact("/ab"), false],
    ["a prefix, with a slash or without", prefix("/a/"), prefix("/a"), true],
    ["a prefix, an expression", prefix("/a"), regex("/a/.*"), false],
    ["the prefix of all, an expression", prefix("/"), regex("/a/.*"), true],
    ["a path, a prefix", exact("/a"), prefix("/a"), false],
    ["an expression, itself", regex("/a.*"), regex("/a.*"), true],
    ["an expression, another", regex("/a.*"), regex("/ab.*"), false],
    ["an expression for everything", regex("/.*"), prefix("/a"), true],
    ["an expression, a path that it matches", regex("/a[0-9]+"), exact("/a7"), true],
    ["an expression, a path that it matches in part", regex("/a"), exact("/ab"), false],
    ["a method", { method: "GET" }, {}, false],
    ["any method", {}, { method: "GET" }, true],
    ["other methods", { method: "GET" }, { method: "POST" }, false],
    ["a header", header("Exact", "1"), {}, false],
    ["any header", {}, header("Exact", "1"), true],
    ["an expression for a header, a value", header("RegularExpression", "[0-9]"), header("Exact", "1"), true],
    ["a value, an expression", header("Exact", "1"), header("RegularExpression", "[0-9]"), false],
  ] as const) {
    test(`${name}: ${expected}`, () => equal(coversMatch(requestMatch(outer), requestMatch(inner)), expected));
  }
});
