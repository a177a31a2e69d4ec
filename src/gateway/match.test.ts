import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import type { GRPCMethodMatch } from "../resources/generated/gateway-api.ts";
import { grpcMatch, httpMatch } from "./match.ts";

describe("httpMatch", () => {
  const path = { type: "PathPrefix", value: "/" } as const;

  test("parts that are absent match everything", () => {
    deepEqual(httpMatch({ path }), { path, headers: [], queryParams: [] });
  });

  test("header names have no case, query parameters have; of equivalent ones the first counts", () => {
    const { headers, queryParams } = httpMatch({
      path,
      headers: [
        { type: "Exact", name: "Version", value: "1" },
        { type: "Exact", name: "version", value: "2" },
      ],
      queryParams: [
        { type: "Exact", name: "A", value: "1" },
        { type: "RegularExpression", name: "a", value: "2" },
        { type: "Exact", name: "A", value: "3" },
      ],
    });
    deepEqual(headers, [{ name: "version", type: "Exact", value: "1" }]);
    deepEqual(queryParams, [
      { name: "A", type: "Exact", value: "1" },
      { name: "a", type: "RegularExpression", value: "2" },
    ]);
  });
});

describe("grpcMatch: the path of a call", () => {
  const cases: readonly (readonly [GRPCMethodMatch | undefined, string, string])[] = [
    [undefined, "PathPrefix", "/"],
    [{ type: "Exact", service: "s.A", method: "Get" }, "Exact", "/s.A/Get"],
    [{ type: "Exact", service: "s.A" }, "PathPrefix", "/s.A"],
    [{ type: "Exact", method: "Get" }, "RegularExpression", "/[^/]+/Get"],
    [{ type: "RegularExpression", service: "a|b", method: "Get|Set" }, "RegularExpression", "/(?:a|b)/(?:Get|Set)"],
    [{ type: "RegularExpression", service: "a|b" }, "RegularExpression", "/(?:a|b)/[^/]+"],
    [{ type: "RegularExpression", method: "Get" }, "RegularExpression", "/[^/]+/(?:Get)"],
  ];
  for (const [method, type, value] of cases) {
    test(`${JSON.stringify(method ?? null)}: ${type} ${value}`, () => {
      const { path, grpc } = grpcMatch(method === undefined ? {} : { method });
      deepEqual(path, { type, value });
      equal(grpc, true);
    });
  }
});
