import { deepEqual, equal } from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ExternalAuth } from "../ir/rule.ts";
import { startBackend, type TestBackend } from "./testing/backend.ts";
import { backend, forward, httpListener, match, origin, rule, table, to } from "./testing/ir.ts";
import { startProxy, type TestProxy } from "./testing/proxy.ts";
import { ask } from "./testing/request.ts";

/** Both answer with the header `server`, which the first passes on; the second is told of it. */
const first: ExternalAuth = {
  protocol: "HTTP",
  cluster: "first",
  requestHeaders: ["x-answer"],
  responseHeaders: ["server", "host", "proxy-status"],
  origin,
};
const second: ExternalAuth = { ...first, cluster: "second", requestHeaders: ["server"], responseHeaders: [] };

describe("authorization before a rule is chosen", () => {
  const backends: TestBackend[] = [];
  let proxy: TestProxy;
  const seenBy = (name: string) => backends.find((one) => one.name === name)?.seen ?? [];

  before(async () => {
    for (const name of ["first", "second", "with", "without"]) backends.push(await startBackend(name));
    const rules = [
      rule({
        match: match({ headers: [{ name: "server", type: "Exact", value: "backend" }] }),
        action: forward([to("with")]),
      }),
      rule({
        match: match({ path: { type: "PathPrefix", value: "/else" } }),
        action: forward([to("without")]),
      }),
    ];
    proxy = await startProxy({
      backends: [...backends.map(({ name, port }) => backend(name, [port])), backend("nobody", [])],
      listeners: [httpListener()],
      tables: [
        { ...table("guarded.test", rules), authorizations: [first, second] },
        { ...table("*.guarded.test", rules), authorizations: [first, second] },
        { ...table("silent.test", rules), authorizations: [first, { ...second, cluster: "nobody" }] },
        table("open.test", rules),
        table("*", []),
      ],
    });
  });

  after(async () => {
    await proxy?.stop();
    await Promise.all(backends.map((one) => one.stop()));
  });

  const get = (host: string, path = "/", headers = {}) => ask(proxy.port("http-80"), { host, path, headers });

  for (const host of ["guarded.test", "GUARDED.test", "a.guarded.test", "guarded.test:8080"]) {
    test(`${host}: in order, and what they add counts for the choice`, async () => {
      const { seen } = await get(host, "/else");
      deepEqual([seen?.backend, seen?.headers.host], ["with", host]);
      equal(seenBy("second").at(-1)?.headers["server"], "backend");
    });

    test(`${host}: who is refused by the first is not asked about again, and meets no rule`, async () => {
      const asked = seenBy("second").length;
      const { status, seen } = await get(host, "/nowhere", { "x-answer": "401" });
      deepEqual([status, seen?.backend, seenBy("second").length], [401, "first", asked]);
    });
  }

  test("who does not answer lets nobody through", async () => equal((await get("silent.test")).status, 503));

  test("a table without it", async () => {
    deepEqual([(await get("open.test")).status, (await get("open.test", "/else")).seen?.backend], [404, "without"]);
  });
});
