import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import type { PathModifier } from "../ir/rule.ts";
import { testHosts } from "./testing/hosts.ts";
import { forward, prefix, rule, to } from "./testing/ir.ts";

const hosts = testHosts();

describe("rewritten paths", () => {
  const table: readonly (readonly [path: string, prefix: string, value: string, expected: string])[] = [
    // The table of HTTPPathModifier.replacePrefixMatch
    ["/foo/bar", "/foo", "/xyz", "/xyz/bar"],
    ["/foo/bar", "/foo", "/xyz/", "/xyz/bar"],
    ["/foo/bar", "/foo/", "/xyz", "/xyz/bar"],
    ["/foo/bar", "/foo/", "/xyz/", "/xyz/bar"],
    ["/foo", "/foo", "/xyz", "/xyz"],
    ["/foo/", "/foo", "/xyz", "/xyz/"],
    ["/foo/bar", "/foo", "", "/bar"],
    ["/foo/", "/foo", "", "/"],
    ["/foo", "/foo", "", "/"],
    ["/foo/", "/foo", "/", "/"],
    ["/foo", "/foo", "/", "/"],
    // What it leaves open
    ["/foo?q=1", "/foo", "/", "/?q=1"],
    ["/foo/bar?q=/foo", "/foo", "/", "/bar?q=/foo"],
    ["/foo?q=1", "/foo", "/xyz", "/xyz?q=1"],
    ["/bar", "/", "/xyz", "/xyz/bar"],
    ["/", "/", "/xyz", "/xyz/"],
    ["/bar", "/", "/", "/bar"],
    ["/a.b(c)/d", "/a.b(c)", "/", "/d"],
    ["/foo/foo/x", "/foo", "/", "/foo/x"],
  ];
  const asks = table.map(([, from, value], index) => {
    const path: PathModifier = { type: "ReplacePrefixMatch", prefix: from, value };
    return {
      forwarded: hosts.serve(`rewrite-${index}.test`, [
        rule({ match: prefix(from), action: forward([to("one")], { rewrite: { path } }) }),
      ]),
      redirected: hosts.serve(`redirect-${index}.test`, [
        rule({ match: prefix(from), action: { kind: "redirect", hostname: "else.test", path, statusCode: 302 } }),
      ]),
      perDestination: hosts.serve(`destination-${index}.test`, [
        rule({ match: prefix(from), action: forward([to("one", { rewrite: { path } })]) }),
      ]),
    };
  });
  for (const [index, [path, from, value, expected]] of table.entries()) {
    test(`${path}: ${from} → "${value}" = ${expected}`, async () => {
      equal((await asks[index]?.forwarded({ path }))?.seen?.path, expected);
      equal((await asks[index]?.redirected({ path }))?.headers.location, `http://else.test${expected}`);
      equal((await asks[index]?.perDestination({ path }))?.seen?.path, expected);
    });
  }

  const full = hosts.serve("full.test", [
    rule({ action: forward([to("one")], { rewrite: { path: { type: "ReplaceFullPath", value: "/a\\1%" } } }) }),
  ]);
  test("the whole path, literally, and the query stays", async () => {
    equal((await full({ path: "/x/y/z?q=1" })).seen?.path, "/a\\1%?q=1");
  });

  const host = hosts.serve("host.test", [
    rule({ action: forward([to("one")], { rewrite: { hostname: "other.test" } }) }),
  ]);
  test("the Host, and the one that was asked for is told", async () => {
    const { seen } = await host();
    deepEqual([seen?.headers.host, seen?.headers["x-forwarded-host"]], ["other.test", "host.test"]);
  });
});

describe("redirects", () => {
  const cases = [
    ["scheme", { scheme: "https" }, {}, "https://redirect.test/p?q=1"],
    [
      "scheme, and the request names a port",
      { scheme: "https" },
      { host: "redirect.test:8080" },
      "https://redirect.test/p?q=1",
    ],
    [
      "scheme and its own port",
      { scheme: "https", port: 443 },
      { host: "redirect.test:8080" },
      "https://redirect.test/p?q=1",
    ],
    ["scheme and port", { scheme: "https", port: 8443 }, {}, "https://redirect.test:8443/p?q=1"],
    ["port", { port: 8083 }, { host: "redirect.test:8080" }, "http://redirect.test:8083/p?q=1"],
    ["host", { hostname: "other.test" }, { host: "redirect.test:8080" }, "http://other.test/p?q=1"],
    ["host and port 80 over http", { scheme: "http", hostname: "other.test", port: 80 }, {}, "http://other.test/p?q=1"],
    ["path", { path: { type: "ReplaceFullPath", value: "/x" } }, {}, "http://redirect.test/x?q=1"],
    ["nothing but the code", {}, {}, "http://redirect.test/p?q=1"],
  ] as const;
  const asks = cases.map(([, action], index) =>
    hosts.serve(`redirect${index}.test`, [rule({ action: { kind: "redirect", statusCode: 301, ...action } })]),
  );
  for (const [index, [name, , options, expected]] of cases.entries()) {
    test(`${name} → ${expected}`, async () => {
      const host = "host" in options ? { host: options.host.replace("redirect.", `redirect${index}.`) } : {};
      const { headers } = (await asks[index]?.({ path: "/p?q=1", ...host })) ?? {};
      equal(headers?.location, expected.replace("redirect.", `redirect${index}.`));
    });
  }
  for (const statusCode of [301, 302, 303, 307, 308] as const) {
    const get = hosts.serve(`code${statusCode}.test`, [
      rule({ action: { kind: "redirect", hostname: "x.test", statusCode } }),
    ]);
    test(`${statusCode}`, async () => equal((await get()).status, statusCode));
  }
});

describe("redirects to another scheme from a wildcard's table", () => {
  const get = hosts.serve("*.secure.test", [rule({ action: { kind: "redirect", scheme: "https", statusCode: 301 } })]);
  for (const [host, expected] of [
    ["any.secure.test", "https://any.secure.test/"],
    ["any.secure.test:80", "https://any.secure.test:443/"],
    ["any.secure.test:8080", "https://any.secure.test:443/"],
  ] as const) {
    test(`${host} → ${expected}`, async () => equal((await get({ host })).headers.location, expected));
  }
});
