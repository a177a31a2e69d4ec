import { equal } from "node:assert/strict";
import { after, before, test } from "node:test";
import { SCOPE_HEADER } from "./scope.ts";
import { startBackend, type TestBackend } from "./testing/backend.ts";
import { backend, forward, httpListener, rule, table, to } from "./testing/ir.ts";
import { startProxy, type TestProxy } from "./testing/proxy.ts";
import { ask } from "./testing/request.ts";

const names = ["exact", "wildcard", "all"];
const backends: TestBackend[] = [];
let proxy: TestProxy;

/** The listeners as they were in an earlier version; tables are of this one. */
function withEarlierListeners(json: string): string {
  const ofListeners = ["scope_key_builder", "early_header_mutation_extensions", "http_filters"];
  const earlier = (key: string, value: unknown): unknown =>
    ofListeners.includes(key) ? JSON.parse(JSON.stringify(value).replaceAll(SCOPE_HEADER, "x-gw-scope")) : value;
  const edited = JSON.stringify(JSON.parse(json, earlier));
  equal(edited === json, false);
  return edited;
}

before(async () => {
  for (const name of names) backends.push(await startBackend(name));
  const tableOf = (hostname: string, name: string) => table(hostname, [rule({ action: forward([to(name)]) })]);
  proxy = await startProxy(
    {
      backends: backends.map(({ name, port }) => backend(name, [port])),
      listeners: [httpListener()],
      tables: [tableOf("a.example.com", "exact"), tableOf("*.example.com", "wildcard"), tableOf("*", "all")],
    },
    {},
    {},
    withEarlierListeners,
  );
});

after(async () => {
  await proxy?.stop();
  await Promise.all(backends.map((one) => one.stop()));
});

for (const [host, expected] of [
  ["a.example.com", "exact"],
  ["A.example.com.", "exact"],
  ["b.example.com", "wildcard"],
  ["example.org", "all"],
] as const)
  test(`tables serve ${host} behind a listener of an earlier version`, async () => {
    const { seen } = await ask(proxy.port("http-80"), { host });
    equal(seen?.backend, expected);
  });
