import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { fc } from "../../test/fast-check.ts";
import type { RequestMatch } from "../ir/rule.ts";
import { type Competitor, compareCompetitors, compareSeniority } from "./precedence.ts";

const base: Competitor = {
  created: "2026-01-01T00:00:00Z",
  key: "default/web",
  hostname: "*",
  match: { path: { type: "PathPrefix", value: "/" }, headers: [], queryParams: [] },
  grpcMethod: undefined,
  ruleIndex: 0,
  matchIndex: 0,
};

type Path = RequestMatch["path"];
const some = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `n${index}`, type: "Exact" as const, value: "v" }));
const withMatch = (match: Partial<RequestMatch>): Competitor => ({ ...base, match: { ...base.match, ...match } });
const withPath = (type: Path["type"], value: string): Competitor => withMatch({ path: { type, value } });
const withMethod = (service: string, method: string, exact = true): Competitor => ({
  ...base,
  grpcMethod: { service, method, exact },
});

describe("what goes first", () => {
  const cases: readonly (readonly [string, Competitor, Competitor])[] = [
    [
      "an exact hostname before a longer wildcard",
      { ...base, hostname: "a.com" },
      { ...base, hostname: "*.example.com" },
    ],
    ["a longer wildcard", { ...base, hostname: "*.example.com" }, { ...base, hostname: "*.com" }],
    ["a hostname before the path", { ...base, hostname: "*.com" }, withPath("Exact", "/long/path")],
    ["an Exact path before a longer prefix", withPath("Exact", "/a"), withPath("PathPrefix", "/aaaa")],
    ["a regular expression before a prefix", withPath("RegularExpression", "/a"), withPath("PathPrefix", "/aaaa")],
    ["an Exact path before a regular expression", withPath("Exact", "/a"), withPath("RegularExpression", "/aaaa")],
    ["a longer prefix", withPath("PathPrefix", "/aa"), withPath("PathPrefix", "/a")],
    ["a path before a method", withPath("PathPrefix", "/a"), withMatch({ method: "GET" })],
    ["a method before headers", withMatch({ method: "GET" }), withMatch({ headers: some(3) })],
    ["more headers", withMatch({ headers: some(2) }), withMatch({ headers: some(1) })],
    ["headers before query parameters", withMatch({ headers: some(1) }), withMatch({ queryParams: some(3) })],
    ["more query parameters", withMatch({ queryParams: some(2) }), withMatch({ queryParams: some(1) })],
    ["a match before age", withMatch({ queryParams: some(1) }), { ...base, created: "2020-01-01T00:00:00Z" }],
    ["the older route", { ...base, created: "2025-01-01T00:00:00Z", key: "z/z" }, base],
    ["a dated route", { ...base, key: "z/z" }, { ...base, created: undefined }],
    ["the first of the alphabet", { ...base, key: "a/z" }, { ...base, key: "b/a" }],
    ["a route before its rules", { ...base, key: "a/a", ruleIndex: 5 }, base],
    ["the first rule", { ...base, matchIndex: 5 }, { ...base, ruleIndex: 1 }],
    ["the first match", base, { ...base, matchIndex: 1 }],
    ["a gRPC service before a method", withMethod("s.A", ""), withMethod("", "Get")],
    ["the longer service", withMethod("s.Long", ""), withMethod("s.A", "Get")],
    ["the longer method", withMethod("s.A", "GetAll"), withMethod("s.A", "Get")],
    ["an exact gRPC method before an expression", withMethod("", "Get"), withMethod("service.*", "Get.*", false)],
    ["an expression before every method", withMethod("", "Get.*", false), withMethod("", "")],
  ];
  for (const [name, first, second] of cases) {
    test(name, () => {
      equal(Math.sign(compareCompetitors(first, second)), -1);
      equal(Math.sign(compareCompetitors(second, first)), 1);
    });
  }
});

test("instants are compared, not how they are written", () => {
  const [left, right] = ["2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00Z"].map((created) => ({
    created,
    key: "a/a",
  }));
  equal(left && right && compareSeniority(left, right), 0);
});

test("the order is total: sorting does not depend on where one starts", () => {
  // Competitors that are equal but for their prototypes would not be told apart by the order, and would be by `deepEqual`.
  const plain = { noNullPrototype: true };
  const competitor = fc.record(
    {
      created: fc.constantFrom(undefined, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
      key: fc.constantFrom("a/a", "a/b", "b/a"),
      hostname: fc.constantFrom("*", "*.com", "a.com"),
      match: fc.record(
        {
          path: fc.record(
            {
              type: fc.constantFrom("Exact" as const, "PathPrefix" as const, "RegularExpression" as const),
              value: fc.constantFrom("/", "/a", "/aa"),
            },
            plain,
          ),
          headers: fc.nat(2).map(some),
          queryParams: fc.nat(2).map(some),
        },
        plain,
      ),
      grpcMethod: fc.constant(undefined),
      ruleIndex: fc.nat(2),
      matchIndex: fc.nat(2),
    },
    plain,
  );
  fc.assert(
    fc.property(fc.array(competitor, { maxLength: 8 }), (competitors) => {
      const sorted = [...competitors].sort(compareCompetitors);
      deepEqual(competitors.toReversed().sort(compareCompetitors), sorted);
    }),
  );
});
