import { deepEqual, equal, match, ok } from "node:assert/strict";
import { after, describe, test } from "node:test";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import type { ExternalAuth } from "../ir/rule.ts";
import { noneOf } from "./regex.ts";
import { testHosts } from "./testing/hosts.ts";
import { backend, forward, origin, prefix, rule, to } from "./testing/ir.ts";

/** An authorization server over gRPC that refuses requests with `x-deny`, and keeps what it was asked. */
const grpc = { server: new Server(), port: 0, asked: [] as string[] };

grpc.server.addService(
  {
    check: {
      path: "/envoy.service.auth.v3.Authorization/Check",
      requestStream: false,
      responseStream: false,
      requestDeserialize: (bytes: Buffer) => bytes,
      requestSerialize: (bytes: Buffer) => bytes,
      responseDeserialize: (bytes: Buffer) => bytes,
      responseSerialize: (bytes: Buffer) => bytes,
    },
  },
  {
    check: (call: { request: Buffer }, answer: (error: null, bytes: Buffer) => void) => {
      const asked = call.request.toString("latin1");
      grpc.asked.push(asked);
      // CheckResponse.status.code: 7 is PERMISSION_DENIED, absent is OK.
      answer(null, Buffer.from(asked.includes("x-deny") ? [0x0a, 0x02, 0x08, 0x07] : [0x0a, 0x00]));
    },
  },
);
// Before the proxy, which is told its port.
grpc.port = await new Promise<number>((resolve, reject) => {
  grpc.server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
    error === null ? resolve(port) : reject(error),
  );
});

const hosts = testHosts();
hosts.add(() => [backend("grpc", [grpc.port], { protocol: "HTTP/2" }), backend("nowhere", [1]), backend("nobody", [])]);

after(() => grpc.server.forceShutdown());

const http: ExternalAuth = {
  protocol: "HTTP",
  cluster: "two",
  requestHeaders: ["x-answer"],
  responseHeaders: [],
  origin,
};

for (const hostname of ["auth.test", "*.auth-repaired.test", "AUTH-CASE.test"]) {
  describe(`external authorization on ${hostname}`, () => {
    const open = rule({ match: prefix("/open"), action: forward([to("one")]) });
    const guarded = (path: string, externalAuth: ExternalAuth) =>
      rule({ match: prefix(path), externalAuth, action: forward([to("one")]) });
    const get = hosts.serve(hostname.toLowerCase(), [
      open,
      guarded("/http", http),
      guarded("/prefix", { ...http, pathPrefix: "/check", responseHeaders: ["server"] }),
      guarded("/grpc", { ...http, protocol: "GRPC", cluster: "grpc", requestHeaders: [] }),
      guarded("/few", { ...http, protocol: "GRPC", cluster: "grpc", requestHeaders: ["x-one"] }),
      guarded("/defaults", { ...http, requestHeaders: [] }),
      guarded("/body", { ...http, bodyBytes: 5 }),
      guarded("/body-grpc", { ...http, protocol: "GRPC", cluster: "grpc", requestHeaders: [], bodyBytes: 5 }),
      guarded("/down", { ...http, cluster: "nowhere" }),
      guarded("/empty", { ...http, cluster: "nobody" }),
      guarded("/down-grpc", { ...http, protocol: "GRPC", cluster: "nowhere" }),
      rule({
        match: prefix("/redirect"),
        externalAuth: http,
        action: { kind: "redirect", hostname: "elsewhere.test", statusCode: 302 },
      }),
    ]);
    const host = hostname.replace("*", "any");

    test("a rule without it", async () => equal((await get({ host, path: "/open" })).seen?.backend, "one"));

    test("200 lets through, and its headers are added to the request", async () => {
      const { status, seen } = await get({ host, path: "/http/a?b=c", headers: { authorization: "me", cookie: "no" } });
      deepEqual([status, seen?.backend, seen?.headers["server"], seen?.headers.host], [200, "one", "backend", host]);
      const asked = hosts.backend("two").seen.at(-1);
      deepEqual(
        [asked?.path, asked?.headers.host, asked?.headers.authorization, asked?.headers["content-length"]],
        ["/http/a?b=c", host, "me", "0"],
      );
      deepEqual([asked?.headers.cookie, asked?.headers["proxy-status"]], [undefined, undefined]);
      equal((await get({ host, path: "/defaults", headers: { "x-one": "1" } })).seen?.backend, "one");
      equal(hosts.backend("two").seen.at(-1)?.headers["x-one"], undefined);
    });

    test("everything else is what the client gets", async () => {
      for (const [path, answer] of [
        ["/http", 401],
        ["/http", 403],
        ["/http", 204],
        ["/redirect", 401],
      ] as const) {
        const { status, headers, seen } = await get({ host, path, headers: { "x-answer": String(answer) } });
        deepEqual([status, headers.location, seen?.backend], [answer, undefined, answer === 204 ? undefined : "two"]);
      }
    });

    test("a redirect comes after it", async () => {
      equal((await get({ host, path: "/redirect" })).headers.location, "http://elsewhere.test/redirect");
    });

    test("path prefix, and a choice of headers", async () => {
      const { seen } = await get({ host, path: "/prefix/x" });
      equal(hosts.backend("two").seen.at(-1)?.path, "/check/prefix/x");
      deepEqual([seen?.headers["server"], seen?.headers["date"]], ["backend", undefined]);
    });

    test("gRPC: asks with all headers, or with those that are named", async () => {
      const headers = { "x-one": "1", "x-two": "2" };
      equal((await get({ host, path: "/grpc", headers })).seen?.backend, "one");
      match(grpc.asked.at(-1) ?? "", /x-two/);
      ok(!grpc.asked.at(-1)?.includes("proxy-status"));
      equal((await get({ host, path: "/few", headers })).seen?.backend, "one");
      match(grpc.asked.at(-1) ?? "", /x-one/);
      ok(!grpc.asked.at(-1)?.includes("x-two"));
      equal((await get({ host, path: "/grpc", headers: { "x-deny": "" } })).status, 403);
    });

    test("a body goes along up to its limit, and one that is larger goes nowhere", async () => {
      const post = (path: string, body: string) => get({ host, path, method: "POST", body });
      const length = () => hosts.backend("two").seen.at(-1)?.headers["content-length"];
      deepEqual([(await post("/body", "12345")).seen?.backend, length()], ["one", "5"]);
      const { seen } = await post("/http", "12345");
      deepEqual([seen?.headers["content-length"], length()], ["5", "0"]);
      equal((await post("/body-grpc", "54321")).seen?.backend, "one");
      match(grpc.asked.at(-1) ?? "", /54321/);
      equal((await post("/grpc", "54321")).seen?.backend, "one");
      ok(!grpc.asked.at(-1)?.includes("54321"));
      const asked = [hosts.backend("two").seen.length, grpc.asked.length];
      for (const path of ["/body", "/body-grpc"]) {
        const refused = await post(path, "123456");
        deepEqual([refused.status, refused.seen], [413, undefined], path);
      }
      deepEqual([hosts.backend("two").seen.length, grpc.asked.length], asked);
    });

    test("a service that does not answer lets nobody through", async () => {
      for (const path of ["/down", "/empty", "/down-grpc"]) {
        const { status, seen } = await get({ host, path });
        deepEqual([status, seen], [503, undefined], path);
      }
    });
  });
}

test("every header but some", () => {
  const regex = new RegExp(`^${noneOf(["host", "te", "trailer", "keep-alive"])}$`);
  const matched = ["h", "hos", "hosts", "t", "tea", "trail", "trailers", "keep", "keep-alives", "x", "date"];
  const others = ["host", "te", "trailer", "keep-alive", "", ":status", ":path"];
  deepEqual(
    [...matched, ...others].filter((name) => regex.test(name)),
    matched,
  );
});
