import { deepEqual, equal, match } from "node:assert/strict";
import { once } from "node:events";
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { followLines } from "../fleet/follow-lines.ts";
import { resolveEnvoy } from "../fleet/resolve-envoy.ts";
import { validate } from "../fleet/validate.ts";
import type { AccessLog } from "../ir/access-log.ts";
import { logOperators } from "../resources/log-format.ts";
import { startBackend, type TestBackend } from "./testing/backend.ts";
import { backend, forward, httpListener, origin, PROXY, prefix, rule, table, to } from "./testing/ir.ts";
import { resourcesOf, startProxy, type TestProxy } from "./testing/proxy.ts";
import { ask } from "./testing/request.ts";
import { validationBootstrap } from "./validation-bootstrap.ts";

const chain = { kind: "http", name: "http-80", serverNames: [], origins: [origin] } as const;
const logs: readonly AccessLog[] = [
  { to: "Stdout", format: { kind: "default" } },
  { to: "Stdout", format: { kind: "json", fields: { status: "%RESPONSE_CODE%", percent: "100 %%" } } },
  { to: "Stdout", format: { kind: "text", line: "text %REQ(:METHOD)% %REQ(X-FIRST?USER-AGENT):4%" } },
];

describe("access logs", { timeout: 60_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), "gatewright-access-log-"));
  const file = join(directory, "log");
  writeFileSync(file, "");
  const stdout = createWriteStream(file, { flags: "a" });
  const lines: string[] = [];
  let heard = () => {};
  let target: TestBackend;
  let proxy: TestProxy;
  const followed = followLines(file, 0, (line) => {
    lines.push(line);
    heard();
  });
  const whenThere = (count: number) =>
    new Promise<void>((resolve) => {
      heard = () => {
        if (lines.length >= count) resolve();
      };
      heard();
    });

  before(async () => {
    await once(stdout, "open");
    target = await startBackend("one");
    const stream = { kind: "stream", name: "tcp", serverNames: [], cluster: "one", origins: [origin] } as const;
    proxy = await startProxy(
      {
        backends: [backend("one", [target.port])],
        listeners: [
          httpListener("http-80", { chains: [{ ...chain, gateway: "infra/edge", accessLogs: logs }] }),
          httpListener("tcp", { chains: [{ ...stream, gateway: "infra/edge", accessLogs: logs.slice(0, 1) }] }),
        ],
        tables: [
          table("*", [rule({ name: "HTTPRoute/shop/cart/0", match: prefix("/cart"), action: forward([to("one")]) })]),
        ],
      },
      {},
      { stdout, extraArguments: ["--file-flush-interval-msec", "10"] },
    );
  });
  after(async () => {
    await proxy?.stop();
    await target?.stop();
    followed.end();
    stdout.end();
    rmSync(directory, { recursive: true });
  });

  test("tell a request's origin, backend and outcome, and say it in other words if asked to", async () => {
    await ask(proxy.port("http-80"), { path: "/cart/1?a=b", headers: { host: "shop.test", "user-agent": "tester" } });
    await whenThere(3);
    const [told = "", json = "", text = ""] = lines.splice(0);
    const { start_time, client, request_id, upstream_host, duration, ...entry } = JSON.parse(told);
    match(start_time, /^\d{4}-\d\d-\d\dT/);
    match(client, /^127\.0\.0\.1:/);
    match(request_id, /^[-0-9a-f]{36}$/);
    match(upstream_host, new RegExp(`:${target.port}$`));
    equal(typeof duration, "number");
    const expected = {
      gateway: "infra/edge",
      listener: "http-80",
      rule: "HTTPRoute/shop/cart/0",
      backend: "one",
      method: "GET",
      authority: "shop.test",
      path: "/cart/1?a=b",
      response_code: 200,
      response_code_details: "via_upstream",
      user_agent: "tester",
      upstream_attempts: 1,
    };
    deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, entry[name]])), expected);
    deepEqual(JSON.parse(json), { status: 200, percent: "100 %" });
    equal(text, "text GET test");
  });

  test("tell a request that no rule wants", async () => {
    await ask(proxy.port("http-80"), { path: "/nowhere" });
    await whenThere(3);
    const { rule: name, backend: none, response_code, response_flags } = JSON.parse(lines.splice(0)[0] ?? "");
    deepEqual(
      { name, none, response_code, response_flags },
      { name: "404", none: null, response_code: 404, response_flags: "-" },
    );
  });

  test("tell a connection, when it ends", async () => {
    await ask(proxy.port("tcp"), { path: "/", headers: { connection: "close" } });
    await whenThere(1);
    const { gateway, listener, backend: name, rule: none } = JSON.parse(lines.splice(0)[0] ?? "");
    deepEqual(
      { gateway, listener, name, none },
      { gateway: "infra/edge", listener: "tcp", name: "one", none: undefined },
    );
  });
});

test("Envoy takes every operator that a log may have", { timeout: 60_000 }, async () => {
  const fields = Object.fromEntries(
    [...logOperators].map(([name, takes]) => [name, takes === "required" ? `%${name}(X-NAME)%` : `%${name}%`]),
  );
  const accessLogs: readonly AccessLog[] = [{ to: "Stderr", format: { kind: "json", fields } }];
  const parts = {
    listeners: [httpListener("http-80", { chains: [{ ...chain, accessLogs }] })],
    tables: [table("*", [])],
  };
  const { path } = await resolveEnvoy();
  const verdict = await validate(path, validationBootstrap(resourcesOf(parts), { adminSocket: `/tmp/${PROXY}` }));
  deepEqual(verdict.ok || verdict.message, true);
});
