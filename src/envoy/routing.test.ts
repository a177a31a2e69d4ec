import { deepEqual, equal, ok } from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { PathModifier, Rule } from "../ir/rule.ts";
import { startBackend, type TestBackend } from "./testing/backend.ts";
import { backend, forward, httpListener, match, prefix, rule, table, to } from "./testing/ir.ts";
import { startProxy, type TestProxy } from "./testing/proxy.ts";
import { type Ask, ask } from "./testing/request.ts";

/** Every table of tests below is a host of its own in one proxy. */
const hosts = new Map<string, readonly Rule[]>();
const backends: TestBackend[] = [];
let proxy: TestProxy;

before(async () => {
  for (const name of ["one", "two", "grpc"])
    backends.push(await startBackend(name, name === "grpc" ? "HTTP/2" : "HTTP/1.1"));
  const [one, two] = backends.map(({ port }) => port);
  const draining = backend("mixed", []);
  proxy = await startProxy({
    backends: [
      ...backends.map(({ name, port }) => backend(name, [port], name === "grpc" ? { protocol: "HTTP/2" } : {})),
      backend("empty", []),
      backend("refused", [1]),
      [
        draining[0],
        {
          ...draining[1],
          groups: [
            {
              weight: 1,
              endpoints: [
                { address: "127.0.0.1", port: one ?? 0, health: "healthy" },
                { address: "127.0.0.1", port: two ?? 0, health: "draining" },
                { address: "127.0.0.2", port: two ?? 0, health: "draining" },
                { address: "127.0.0.3", port: two ?? 0, health: "draining" },
              ],
            },
          ],
        },
      ],
    ],
    listeners: [httpListener()],
    tables: [table("*", []), ...[...hosts].map(([hostname, rules]) => table(hostname, rules))],
  });
});

after(async () => {
  await proxy?.stop();
  await Promise.all(backends.map((one) => one.stop()));
});

/** Serves rules on a host; the first wildcard host name makes it need the repair. */
function serve(hostname: string, rules: readonly Rule[]): (options?: Ask) => ReturnType<typeof ask> {
  hosts.set(hostname, rules);
  const host = hostname.replace("*", "any");
  return (options = {}) => ask(proxy.port("http-80"), { host, ...options });
}

function named(name: string): TestBackend {
  const found = backends.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no backend ${name}`);
  return found;
}

describe("paths", () => {
  const get = serve("paths.test", [
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
  const get = serve("matches.test", [
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
    ["two values of a header are one, joined", { headers: { "x-a": ["1", "2"] } }, 404],
    ["header by regex", { headers: { "x-a": "23" } }, "/header-regex"],
    ["header by regex, in part", { headers: { "x-a": "23x" } }, 404],
    ["query", { path: "/?q=a%20b" }, "/query"],
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
      forwarded: serve(`rewrite-${index}.test`, [
        rule({ match: prefix(from), action: forward([to("one")], { rewrite: { path } }) }),
      ]),
      redirected: serve(`redirect-${index}.test`, [
        rule({ match: prefix(from), action: { kind: "redirect", hostname: "else.test", path, statusCode: 302 } }),
      ]),
      perDestination: serve(`destination-${index}.test`, [
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

  const full = serve("full.test", [
    rule({ action: forward([to("one")], { rewrite: { path: { type: "ReplaceFullPath", value: "/a\\1%" } } }) }),
  ]);
  test("the whole path, literally, and the query stays", async () => {
    equal((await full({ path: "/x/y/z?q=1" })).seen?.path, "/a\\1%?q=1");
  });

  const host = serve("host.test", [rule({ action: forward([to("one")], { rewrite: { hostname: "other.test" } }) })]);
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
    serve(`redirect${index}.test`, [rule({ action: { kind: "redirect", statusCode: 301, ...action } })]),
  );
  for (const [index, [name, , options, expected]] of cases.entries()) {
    test(`${name} → ${expected}`, async () => {
      const host = "host" in options ? { host: options.host.replace("redirect.", `redirect${index}.`) } : {};
      const { headers } = (await asks[index]?.({ path: "/p?q=1", ...host })) ?? { headers: {} };
      equal(headers.location, expected.replace("redirect.", `redirect${index}.`));
    });
  }
  for (const statusCode of [301, 302, 303, 307, 308] as const) {
    const get = serve(`code${statusCode}.test`, [
      rule({ action: { kind: "redirect", hostname: "x.test", statusCode } }),
    ]);
    test(`${statusCode}`, async () => equal((await get()).status, statusCode));
  }
});

describe("headers that a rule changes", () => {
  const get = serve("modify.test", [
    rule({
      requestHeaders: {
        set: [
          { name: "X-Set", value: "100%" },
          { name: "Host", value: "set.test" },
        ],
        add: [{ name: "x-add", value: "2" }],
        remove: ["X-Remove"],
      },
      responseHeaders: {
        set: [{ name: "x-answer", value: "%REQ(:PATH)%" }],
        add: [{ name: "server", value: "added" }],
        remove: ["content-length"],
      },
      action: forward([
        to("one", {
          requestHeaders: { set: [{ name: "x-backend", value: "b" }], add: [], remove: ["x-gone"] },
          responseHeaders: { set: [{ name: "x-from", value: "one" }], add: [], remove: [] },
        }),
      ]),
    }),
  ]);
  test("on their way in", async () => {
    const { seen } = await get({ headers: { "x-set": "old", "x-add": "1", "x-remove": "r", "x-gone": "g" } });
    const {
      host,
      "x-set": set,
      "x-add": add,
      "x-remove": remove,
      "x-gone": gone,
      "x-backend": own,
    } = seen?.headers ?? {};
    deepEqual(
      { host, set, add, remove, gone, own },
      { host: "set.test", set: "100%", add: "1,2", remove: undefined, gone: undefined, own: "b" },
    );
  });
  test("on their way out", async () => {
    const { headers } = await get();
    deepEqual(
      [headers["x-answer"], headers["x-from"], headers["content-length"], headers.server],
      ["%REQ(:PATH)%", "one", undefined, "backend,added"],
    );
  });
  test("Envoy's own headers stay inside", async () => {
    const { headers, seen } = await get();
    deepEqual(
      [...Object.keys(headers), ...Object.keys(seen?.headers ?? {})].filter((name) => name.startsWith("x-envoy")),
      [],
    );
  });
  test("underscores in names are dropped, as nginx does", async () => {
    const { seen } = await get({ headers: { x_forwarded_for: "1.2.3.4" } });
    equal(seen?.headers["x_forwarded_for"], undefined);
  });
});

describe("weights", () => {
  const failing = serve("failing.test", [
    rule({ action: forward([to("one", { weight: 1 }), to(undefined, { weight: 1 })]) }),
  ]);
  test("the share without a cluster is answered with 500", async () => {
    const statuses = new Map<number, number>();
    for (let i = 0; i < 60; i++) {
      const { status } = await failing();
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    deepEqual([...statuses.keys()].sort(), [200, 500]);
  });

  const zero = serve("zero.test", [rule({ action: forward([to("one", { weight: 0 }), to("two", { weight: 1 })]) })]);
  const none = serve("none.test", [rule({ action: forward([to(undefined)]) })]);
  test("weight 0 gets nothing", async () => {
    for (let i = 0; i < 10; i++) equal((await zero()).seen?.backend, "two");
  });
  test("no destination at all is 500", async () => equal((await none()).status, 500));

  const rewriting = serve("rewriting.test", [
    rule({
      match: prefix("/p"),
      action: forward([
        to("one", { weight: 1, rewrite: { path: { type: "ReplaceFullPath", value: "/first" } } }),
        to("two", {
          weight: 2,
          rewrite: { path: { type: "ReplaceFullPath", value: "/second" }, hostname: "second.test" },
        }),
        to("two", { weight: 1 }),
      ]),
    }),
  ]);
  test("destinations that rewrite each in its own way get their shares", async () => {
    const count = new Map<string, number>();
    for (let i = 0; i < 400; i++) {
      const { seen } = await rewriting({ path: "/p/q" });
      const key = `${seen?.backend} ${seen?.path} ${seen?.headers.host}`;
      count.set(key, (count.get(key) ?? 0) + 1);
    }
    const shares: Record<string, number> = {
      "one /first rewriting.test": 100,
      "two /second second.test": 200,
      "two /p/q rewriting.test": 100,
    };
    deepEqual([...count.keys()].sort(), Object.keys(shares).sort());
    // Five standard deviations
    for (const [key, expected] of Object.entries(shares))
      ok(Math.abs((count.get(key) ?? 0) - expected) < 50, `${key}: ${count.get(key)}`);
  });
});

describe("endpoints", () => {
  const mixed = serve("mixed.test", [rule({ action: forward([to("mixed")]) })]);
  test("draining ones get no new traffic while one is ready, though most of them drain", async () => {
    for (let i = 0; i < 20; i++) equal((await mixed()).seen?.backend, "one");
  });
  const empty = serve("empty.test", [rule({ action: forward([to("empty")]) })]);
  test("none is 503", async () => equal((await empty()).status, 503));
});

describe("timeouts and retries", () => {
  const slow = serve("slow.test", [rule({ action: forward([to("one")], { timeouts: { requestMilliseconds: 50 } }) })]);
  test("a request that takes too long is 504", async () =>
    equal((await slow({ headers: { "x-silence": "1" } })).status, 504));

  const attempt = serve("attempt.test", [
    rule({ action: forward([to("one")], { timeouts: { requestMilliseconds: 0, backendRequestMilliseconds: 50 } }) }),
  ]);
  test("so is a try that takes too long, without retries", async () => {
    equal((await attempt({ headers: { "x-silence": "1" } })).status, 504);
  });

  const retrying = serve("retrying.test", [
    rule({ action: forward([to("one")], { retry: { codes: [503], attempts: 2, backoffMilliseconds: 1 } }) }),
  ]);
  test("a code that is named is tried again", async () => {
    const before = named("one").seen.length;
    const { status } = await retrying({ headers: { "x-answer": "503", "x-answer-once": "retrying" } });
    deepEqual([status, named("one").seen.length - before], [200, 2]);
  });
  test("as often as it says", async () => {
    const before = named("one").seen.length;
    const { status } = await retrying({ headers: { "x-answer": "503" } });
    deepEqual([status, named("one").seen.length - before], [503, 3]);
  });
  test("another code is not", async () => {
    const before = named("one").seen.length;
    const { status } = await retrying({ headers: { "x-answer": "502" } });
    deepEqual([status, named("one").seen.length - before], [502, 1]);
  });

  const trying = serve("trying.test", [
    rule({
      action: forward([to("one")], {
        timeouts: { backendRequestMilliseconds: 50 },
        retry: { codes: [], attempts: 1, backoffMilliseconds: 1 },
      }),
    }),
  ]);
  test("a try that takes too long is tried again", async () => {
    const before = named("one").seen.length;
    const { status } = await trying({ headers: { "x-silence": "1" } });
    deepEqual([status, named("one").seen.length - before], [504, 2]);
  });

  const plain = serve("plain.test", [rule({ action: forward([to("one")]) })]);
  test("nothing is retried unasked", async () => {
    const before = named("one").seen.length;
    const { status } = await plain({ headers: { "x-answer": "503" } });
    deepEqual([status, named("one").seen.length - before], [503, 1]);
  });
  test("a client can't ask for it", async () => {
    const before = named("one").seen.length;
    const headers = { "x-answer": "503", "x-envoy-max-retries": "3", "x-envoy-retry-on": "5xx" };
    const { status } = await plain({ headers });
    deepEqual([status, named("one").seen.length - before], [503, 1]);
  });
});

describe("mirrors", () => {
  const whole = { numerator: 1, denominator: 1 };
  const { origin } = to("two");
  const get = serve("mirror.test", [
    rule({ action: forward([to("one")], { mirrors: [{ cluster: "two", fraction: whole, origin }] }) }),
  ]);
  test("a copy goes to the mirror, the answer comes from the backend", async () => {
    const before = named("two").seen.length;
    equal((await get({ path: "/copied" })).seen?.backend, "one");
    await named("two").requests(before + 1);
    const copy = named("two").seen.at(-1);
    deepEqual([copy?.path, copy?.headers.host], ["/copied", "mirror.test"]);
  });
});

describe("gRPC", () => {
  const call = serve("grpc.test", [
    rule({
      match: match({ grpc: true, path: { type: "Exact", value: "/shop.Cart/Get" } }),
      action: forward([to("grpc")]),
    }),
  ]);
  test("only what says that it is gRPC", async () => {
    const options = { path: "/shop.Cart/Get", method: "POST", protocol: "HTTP/2" } as const;
    equal((await call({ ...options, headers: { "content-type": "application/grpc" } })).seen?.backend, "grpc");
    equal((await call({ ...options, headers: { "content-type": "application/json" } })).status, 404);
  });
});

for (const hostname of ["cors.test", "*.cors-repaired.test", "CORS-CASE.test"]) {
  describe(`CORS on ${hostname}`, () => {
    const get = serve(hostname.toLowerCase(), [
      rule({
        match: prefix("/some"),
        cors: {
          allowOrigins: ["https://www.foo.com", "https://*.bar.com"],
          allowMethods: ["GET", "OPTIONS"],
          allowHeaders: ["x-header-1", "x-header-2"],
          exposeHeaders: ["x-header-3"],
          allowCredentials: true,
          maxAgeSeconds: 3600,
        },
        action: forward([to("one")]),
      }),
      rule({
        match: prefix("/all"),
        cors: {
          allowOrigins: ["*"],
          allowMethods: ["*"],
          allowHeaders: ["*"],
          exposeHeaders: [],
          allowCredentials: true,
          maxAgeSeconds: 5,
        },
        action: forward([to("one")]),
      }),
      rule({
        match: prefix("/open"),
        cors: {
          allowOrigins: ["*"],
          allowMethods: ["*"],
          allowHeaders: ["*"],
          exposeHeaders: [],
          allowCredentials: false,
          maxAgeSeconds: 5,
        },
        action: forward([to("one")]),
      }),
      rule({ match: prefix("/none"), action: forward([to("one")]) }),
    ]);
    const host = hostname.replace("*", "any");
    const preflight = (path: string, origin: string, method = "GET") =>
      get({
        host,
        path,
        method: "OPTIONS",
        headers: {
          origin,
          "access-control-request-method": method,
          "access-control-request-headers": "x-header-1, x-header-2",
        },
      });

    test("preflight of an allowed origin", async () => {
      for (const origin of ["https://www.foo.com", "https://a.bar.com", "https://a.b.bar.com"]) {
        const { status, headers, seen } = await preflight("/some", origin);
        deepEqual(
          [
            status,
            seen,
            headers["access-control-allow-origin"],
            headers["access-control-allow-methods"],
            headers["access-control-allow-headers"],
            headers["access-control-expose-headers"],
            headers["access-control-max-age"],
            headers["access-control-allow-credentials"],
          ],
          [200, undefined, origin, "GET, OPTIONS", "x-header-1, x-header-2", "x-header-3", "3600", "true"],
        );
      }
    });
    test("preflight of another", async () => {
      for (const origin of [
        "https://foobar.com",
        "https://bar.com",
        "http://www.foo.com",
        "https://www.foo.com.evil.com",
      ]) {
        const { headers, seen } = await preflight("/some", origin);
        deepEqual([seen, headers["access-control-allow-origin"]], [undefined, undefined]);
      }
    });
    test("a request of either", async () => {
      const of = async (origin: string) =>
        (await get({ host, path: "/some", headers: { origin } })).headers["access-control-allow-origin"];
      deepEqual([await of("https://www.foo.com"), await of("https://foobar.com")], ["https://www.foo.com", undefined]);
    });
    test("everything, with credentials, names what was asked for", async () => {
      const { headers } = await preflight("/all", "https://x.test:123", "PUT");
      deepEqual(
        [
          headers["access-control-allow-origin"],
          headers["access-control-allow-methods"],
          headers["access-control-allow-headers"],
          headers["access-control-allow-credentials"],
        ],
        ["https://x.test:123", "PUT", "x-header-1, x-header-2", "true"],
      );
    });
    test("everything, without", async () => {
      const { headers } = await preflight("/open", "https://x.test", "PUT");
      const allowed = [
        headers["access-control-allow-origin"],
        headers["access-control-allow-methods"],
        headers["access-control-allow-headers"],
        headers["access-control-allow-credentials"],
      ];
      deepEqual(allowed, ["https://x.test", "*", "*", undefined]);
    });
    test("a rule without it", async () => {
      equal((await preflight("/none", "https://www.foo.com")).seen?.backend, "one");
    });
  });
}
