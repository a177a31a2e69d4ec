import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import { describe, test } from "node:test";
import type { SessionPersistence } from "../ir/rule.ts";
import { testHosts } from "./testing/hosts.ts";
import { backend, forward, prefix, rule, to } from "./testing/ir.ts";

const hosts = testHosts();
hosts.add((port) => [backend("both", [port("one"), port("two")]), backend("also", [port("one"), port("two")])]);

const keeping = (path: string, sessionPersistence: SessionPersistence) =>
  rule({ match: prefix(path), action: forward([{ ...to("both"), sessionPersistence }]) });

for (const hostname of ["session.test", "*.session-repaired.test"]) {
  describe(`sessions on ${hostname}`, () => {
    const get = hosts.serve(hostname, [
      keeping("/cookie", { kind: "cookie", name: "sticky", path: "/" }),
      keeping("/permanent", { kind: "cookie", name: "sticky", path: "/permanent", lifetimeMilliseconds: 3_600_000 }),
      keeping("/secure", { kind: "cookie", name: "sticky", path: "/", secure: true }),
      keeping("/header", { kind: "header", name: "x-session" }),
      rule({
        match: prefix("/weighted"),
        action: forward(
          ["both", "also"].map((cluster) =>
            to(cluster, {
              sessionPersistence: { kind: "header", name: `x-${cluster}` },
              responseHeaders: { set: [{ name: "x-cluster", value: cluster }], add: [], remove: [] },
            }),
          ),
        ),
      }),
      rule({ action: forward([to("both")]) }),
    ]);

    const backendsOf = async (path: string, headers: Record<string, string>) =>
      new Set(
        (await Promise.all(Array.from({ length: 20 }, () => get({ path, headers })))).map(({ seen }) => seen?.backend),
      );

    test("a cookie that ends with the client's session", async () => {
      const { headers, seen } = await get({ path: "/cookie" });
      const cookie = headers["set-cookie"]?.[0] ?? "";
      match(cookie, /^sticky="?[^;]+"?; Path=\/; HttpOnly$/);
      deepEqual(await backendsOf("/cookie", { cookie: cookie.split(";")[0] ?? "" }), new Set([seen?.backend]));
    });

    test("a cookie with a lifetime", async () => {
      const { headers, seen } = await get({ path: "/permanent" });
      const cookie = headers["set-cookie"]?.[0] ?? "";
      match(cookie, /; Max-Age=3600; Path=\/permanent; HttpOnly$/);
      deepEqual(await backendsOf("/permanent", { cookie: cookie.split(";")[0] ?? "" }), new Set([seen?.backend]));
    });

    test("a cookie for TLS alone", async () => {
      const { headers } = await get({ path: "/secure" });
      match(headers["set-cookie"]?.[0] ?? "", /^sticky="?[^;]+"?; Path=\/; Secure; HttpOnly$/);
    });

    test("a header", async () => {
      const { headers, seen } = await get({ path: "/header" });
      const session = String(headers["x-session"]);
      notEqual(session, "undefined");
      deepEqual(await backendsOf("/header", { "x-session": session }), new Set([seen?.backend]));
    });

    test("the weights choose first, and each destination has sessions of its own", async () => {
      const sessions: Record<string, string> = {};
      const kept: Record<string, string | undefined> = {};
      while (Object.keys(kept).length < 2) {
        const { headers, seen } = await get({ path: "/weighted" });
        const cluster = String(headers["x-cluster"]);
        sessions[`x-${cluster}`] = String(headers[`x-${cluster}`]);
        kept[cluster] = seen?.backend;
      }
      const answers = await Promise.all(
        Array.from({ length: 40 }, () => get({ path: "/weighted", headers: sessions })),
      );
      const chosen = answers.map(({ headers }) => String(headers["x-cluster"]));
      deepEqual(
        answers.map(({ seen }) => seen?.backend),
        chosen.map((cluster) => kept[cluster]),
      );
      // Each of the two is missed once in 10^12.
      deepEqual(new Set(chosen), new Set(["both", "also"]));
    });

    test("what a client makes up is not obeyed", async () => {
      const elsewhere = Buffer.from("127.0.0.1:1").toString("base64");
      const { status, headers } = await get({ path: "/header", headers: { "x-session": elsewhere } });
      equal(status, 200);
      notEqual(headers["x-session"], elsewhere);
    });

    test("a rule without it", async () => {
      const { headers } = await get({ path: "/" });
      deepEqual([headers["set-cookie"], headers["x-session"]], [undefined, undefined]);
    });
  });
}
