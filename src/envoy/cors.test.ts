import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { testHosts } from "./testing/hosts.ts";
import { forward, prefix, rule, to } from "./testing/ir.ts";

const hosts = testHosts();

for (const hostname of ["cors.test", "*.cors-repaired.test", "CORS-CASE.test"]) {
  describe(`CORS on ${hostname}`, () => {
    const get = hosts.serve(hostname.toLowerCase(), [
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
      for (const [origin, allowed] of [
        ["https://www.foo.com", "https://www.foo.com"],
        ["https://foobar.com", undefined],
      ] as const) {
        const { seen, headers } = await get({ host, path: "/some", headers: { origin } });
        deepEqual([seen?.backend, headers["access-control-allow-origin"]], ["one", allowed]);
      }
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
      deepEqual(allowed, ["https://x.test", "PUT", "x-header-1, x-header-2", undefined]);
    });
    test("a rule without it", async () => {
      equal((await preflight("/none", "https://www.foo.com")).seen?.backend, "one");
    });
  });
}
