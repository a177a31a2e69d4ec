import { equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { testHosts } from "./testing/hosts.ts";
import { forward, match, prefix, rule, to } from "./testing/ir.ts";

const hosts = testHosts();

describe("paths", () => {
  const get = hosts.serve("paths.test", [
    rule({ match: match({ path: { type: "Exact", value: "/exact" } }), action: forward([to("one")]) }),
    rule({ match: prefix("/foo"), action: forward([to("one")]) }),
    rule({ match: prefix("/bar/"), action: forward([to("one")]) }),
    rule({ match: match({ path: { type: "RegularExpression", value: "/v[0-9]+/x" } }), action: forward([to("one")]) }),
  ]);
  for (const [path, status] of [
    ["/exact", 200],
    ["/exact?x=1", 200],
    ["/exact/", 404],
    ["/Exact", 404],
    ["/foo", 200],
    ["/foo/", 200],
    ["/foo/bar", 200],
    ["/foo?x", 200],
    ["/foobar", 404],
    ["/bar", 200],
    ["/bar/", 200],
    ["/bar/x", 200],
    ["/barx", 404],
    ["/v12/x", 200],
    ["/v12/x?y=/z", 200],
    ["/v12/x/", 404],
    ["/a/v12/x", 404],
    ["//foo", 200],
    ["/foo/../exact", 200],
    ["/./foo/%2e%2e/exact", 200],
    ["/foo%2fbar", 307],
  ] as const) {
    test(`${path} → ${status}`, async () => equal((await get({ path })).status, status));
  }
});

describe("headers, query and method", () => {
  const get = hosts.serve("matches.test", [
    rule({
      match: match({ headers: [{ name: "x-a", type: "Exact", value: "1" }] }),
      action: forward([to("one")], { rewrite: { path: { type: "ReplaceFullPath", value: "/header" } } }),
    }),
    rule({
      match: match({ headers: [{ name: "x-a", type: "RegularExpression", value: "[2-4]+" }] }),
      action: forward([to("one")], { rewrite: { path: { type: "ReplaceFullPath", value: "/header-regex" } } }),
    }),
    rule({
      match: match({ queryParams: [{ name: "q", type: "Exact", value: "a b" }] }),
      action: forward([to("one")], { rewrite: { path: { type: "ReplaceFullPath", value: "/query" } } }),
    }),
    rule({
      match: match({ queryParams: [{ name: "q", type: "RegularExpression", value: "x.*" }] }),
      action: forward([to("one")], { rewrite: { path: { type: "ReplaceFullPath", value: "/query-regex" } } }),
    }),
    rule({
      match: match({ method: "DELETE" }),
      action: forward([to("one")], { rewrite: { path: { type: "ReplaceFullPath", value: "/method" } } }),
    }),
  ]);
  for (const [name, options, expected] of [
    ["exact header", { headers: { "x-a": "1" } }, "/header"],
    ["header name in capitals", { headers: { "X-A": "1" } }, "/header"],
    ["header that starts with it", { headers: { "x-a": "12" } }, 404],
    ["one of two values of a header", { headers: { "x-a": ["5", "1"] } }, "/header"],
    ["two values in one", { headers: { "x-a": "5,1" } }, 404],
    ["header by regex", { headers: { "x-a": "23" } }, "/header-regex"],
    ["header by regex, in part", { headers: { "x-a": "23x" } }, 404],
    ["query", { path: "/?q=a%20b" }, "/query"],
    ["query, written otherwise", { path: "/?q=a+b" }, "/query"],
    ["query by regex", { path: "/?z=1&q=xyz" }, "/query-regex"],
    ["first of a repeated parameter", { path: "/?q=xyz&q=no" }, "/query-regex"],
    ["method", { method: "DELETE" }, "/method"],
    ["nothing", {}, 404],
  ] as const) {
    test(`${name} → ${expected}`, async () => {
      const { status, seen } = await get(options);
      equal(seen === undefined ? status : seen.path.split("?")[0], expected);
    });
  }
});

describe("gRPC", () => {
  const call = hosts.serve("grpc.test", [
    rule({
      match: match({ grpc: true, path: { type: "Exact", value: "/shop.Cart/Get" } }),
      action: forward([to("h2")]),
    }),
  ]);
  test("only what says that it is gRPC", async () => {
    const options = { path: "/shop.Cart/Get", method: "POST", protocol: "HTTP/2" } as const;
    equal((await call({ ...options, headers: { "content-type": "application/grpc" } })).seen?.backend, "h2");
    equal((await call({ ...options, headers: { "content-type": "application/json" } })).status, 404);
  });
});
