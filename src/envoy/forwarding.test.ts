import { deepEqual, equal, match, ok } from "node:assert/strict";
import { connect } from "node:net";
import { describe, test } from "node:test";
import { testHosts } from "./testing/hosts.ts";
import { backend, forward, prefix, rule, to } from "./testing/ir.ts";

const hosts = testHosts();

describe("headers that a rule changes", () => {
  const get = hosts.serve("modify.test", [
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
      { host: "set.test", set: "100%", add: "1, 2", remove: undefined, gone: undefined, own: "b" },
    );
  });
  test("on their way out", async () => {
    const { headers } = await get();
    deepEqual(
      [headers["x-answer"], headers["x-from"], headers["content-length"], headers["server"]],
      ["%REQ(:PATH)%", "one", undefined, "backend,added"],
    );
  });
  test("of Envoy's own headers only the client's address goes out", async () => {
    const { headers, seen } = await get({
      headers: { "x-envoy-external-address": "1.2.3.4", "x-forwarded-for": "5.6.7.8" },
    });
    const names = [...Object.keys(headers), ...Object.keys(seen?.headers ?? {})];
    deepEqual(
      names.filter((name) => name.startsWith("x-envoy")),
      ["x-envoy-external-address"],
    );
    deepEqual([seen?.headers["x-envoy-external-address"], seen?.headers["x-forwarded-proto"]], ["127.0.0.1", "http"]);
    // Of a client on the loopback interface Envoy appends the machine's own address.
    match(String(seen?.headers["x-forwarded-for"]), /^5\.6\.7\.8,[0-9.]+$/);
  });
  test("underscores in names are dropped, as nginx does", async () => {
    const { seen } = await get({ headers: { x_forwarded_for: "1.2.3.4" } });
    equal(seen?.headers["x_forwarded_for"], undefined);
  });
});

describe("weights", () => {
  const failing = hosts.serve("failing.test", [
    rule({ action: forward([to("one", { weight: 1 }), to(undefined, { weight: 1 })]) }),
  ]);
  test("the share without a cluster is answered with 500", async () => {
    const statuses = new Map<number, number>();
    for (let i = 0; i < 60; i++) {
      const { status } = await failing();
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    deepEqual(
      [...statuses.keys()].sort((a, b) => a - b),
      [200, 500],
    );
  });

  const zero = hosts.serve("zero.test", [
    rule({ action: forward([to("one", { weight: 0 }), to("two", { weight: 1 })]) }),
  ]);
  const none = hosts.serve("none.test", [rule({ action: forward([to(undefined)]) })]);
  test("weight 0 gets nothing", async () => {
    for (let i = 0; i < 10; i++) equal((await zero()).seen?.backend, "two");
  });
  const zeros = hosts.serve("zeros.test", [rule({ action: forward([to("one", { weight: 0 })]) })]);
  test("nothing but weight 0 is 500", async () => equal((await zeros()).status, 500));
  test("no destination at all is 500", async () => equal((await none()).status, 500));

  const rewriting = hosts.serve("rewriting.test", [
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
  hosts.add((port) => {
    const [cluster, set] = backend("mixed", []);
    const endpoints = [
      { address: "127.0.0.1", port: port("one"), health: "healthy" as const },
      ...["127.0.0.1", "127.0.0.2", "127.0.0.3"].map((address) => ({
        address,
        port: port("two"),
        health: "draining" as const,
      })),
    ];
    const draining = backend("draining", []);
    return [
      [cluster, { ...set, groups: [{ weight: 1, endpoints }] }],
      [draining[0], { ...draining[1], groups: [{ weight: 1, endpoints: endpoints.slice(1, 2) }] }],
      backend("empty", []),
    ];
  });
  const mixed = hosts.serve("mixed.test", [rule({ action: forward([to("mixed")]) })]);
  test("draining ones get no new traffic while one is ready, though most of them drain", async () => {
    for (let i = 0; i < 20; i++) equal((await mixed()).seen?.backend, "one");
  });
  const draining = hosts.serve("draining.test", [rule({ action: forward([to("draining")]) })]);
  test("they get it when there is no other", async () => equal((await draining()).seen?.backend, "two"));
  const empty = hosts.serve("empty.test", [rule({ action: forward([to("empty")]) })]);
  test("none is 503", async () => equal((await empty()).status, 503));
});

describe("mirrors", () => {
  const whole = { numerator: 1, denominator: 1 };
  const { origin } = to("two");
  const get = hosts.serve("mirror.test", [
    rule({ action: forward([to("one")], { mirrors: [{ cluster: "two", fraction: whole, origin }] }) }),
  ]);
  test("a copy goes to the mirror, the answer comes from the backend", async () => {
    const before = hosts.backend("two").seen.length;
    equal((await get({ path: "/copied" })).seen?.backend, "one");
    await hosts.backend("two").requests(before + 1);
    const copy = hosts.backend("two").seen.at(-1);
    deepEqual([copy?.path, copy?.headers.host], ["/copied", "mirror.test"]);
  });
});

describe("HTTP/1.0", () => {
  hosts.serve("old.test", [rule({ action: forward([to("one")]) })]);
  test("is answered", async () => {
    const socket = connect(hosts.proxy().port("http-80"), "127.0.0.1");
    socket.write("GET / HTTP/1.0\r\nhost: old.test\r\n\r\n");
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    match(text, /^HTTP\/1\.[01] 200 OK\r\n/);
  });
});
