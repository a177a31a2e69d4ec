import { deepEqual } from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createAuthority } from "../../examples/seeds/certificate-authority.ts";
import type { HttpChain, StreamChain } from "../ir/listener.ts";
import { startBackend, type TestBackend } from "./testing/backend.ts";
import { backend, forward, httpListener, origin, PROXY, rule, table, to } from "./testing/ir.ts";
import { startProxy, type TestProxy } from "./testing/proxy.ts";
import { ask } from "./testing/request.ts";

/** Server name of the connection, Host of the request, and the backend or the status of an answer of the proxy's own. */
const cases: readonly (readonly [serverName: string, host: string, expected: string | number])[] = [
  ["a.example.org", "a.example.org", "any"],
  ["a.example.org", "exact.example.org", 421],
  ["a.example.org", "EXACT.example.org:443", 421],
  ["a.example.org", "x.wild.example.org", 421],
  ["a.example.org", "through.example.org", 421],
  ["a.example.org", "unknown.example.org", 404],
  ["exact.example.org", "exact.example.org", "exact"],
  ["exact.example.org", "a.example.org", 421],
  ["exact.example.org", "unknown.example.org", 421],
  ["exact.example.org", "[::1]", 421],
  ["x.wild.example.org", "x.wild.example.org", "wild"],
  ["x.wild.example.org", "y.z.wild.example.org", "wild"],
  ["x.wild.example.org", "narrow.wild.example.org", 421],
  ["x.wild.example.org", "a.deep.wild.example.org", 421],
  ["x.wild.example.org", "wild.example.org", 421],
  ["narrow.wild.example.org", "narrow.wild.example.org", "exact"],
  ["narrow.wild.example.org", "x.wild.example.org", 421],
  ["unknown.example.org", "a.example.org", "any"],
  ["unknown.example.org", "unknown.example.org", 404],
];

describe("a request on a connection that was made for another hostname", () => {
  const backends: TestBackend[] = [];
  let proxy: TestProxy;
  let authority: string;

  before(async () => {
    for (const name of ["any", "exact", "wild"]) backends.push(await startBackend(name));
    const created = await createAuthority();
    authority = created.certificate;
    const { cert, key } = await created.issue(["*.example.org", "*.wild.example.org", "*.deep.wild.example.org"]);
    proxy = await startProxy({
      backends: backends.map(({ name, port }) => backend(name, [port])),
      certificates: [{ proxy: PROXY, name: "cert", certificateChain: cert, privateKey: key }],
      listeners: [
        httpListener("443", {
          chains: [
            chain("any", []),
            chain("exact", ["exact.example.org"]),
            chain("wild", ["*.wild.example.org"]),
            chain("narrow", ["narrow.wild.example.org"]),
            chain("deep", ["*.deep.wild.example.org"]),
            {
              kind: "stream",
              name: "through",
              serverNames: ["through.example.org"],
              origins: [origin],
            } satisfies StreamChain,
          ],
        }),
      ],
      tables: [
        table("a.example.org", [rule({ action: forward([to("any")]) })], "any"),
        table("exact.example.org", [rule({ action: forward([to("exact")]) })], "exact"),
        table("*.wild.example.org", [rule({ action: forward([to("wild")]) })], "wild"),
        table("narrow.wild.example.org", [rule({ action: forward([to("exact")]) })], "narrow"),
        ...["any", "exact", "wild", "narrow", "deep"].map((name) => table("*", [], name)),
      ],
    });
  });

  after(async () => {
    await proxy?.stop();
    await Promise.all(backends.map((one) => one.stop()));
  });

  for (const protocol of ["HTTP/1.1", "HTTP/2"] as const) {
    for (const [serverName, host, expected] of cases) {
      test(`${protocol}: ${host} on a connection for ${serverName} → ${expected}`, async () => {
        const { status, seen } = await ask(proxy.port("443"), { host, protocol, tls: { serverName, authority } });
        deepEqual(seen?.backend ?? status, expected);
      });
    }
  }
});

function chain(name: string, serverNames: readonly string[]): HttpChain {
  return {
    kind: "http",
    name,
    serverNames,
    tls: { certificates: ["cert"], alpn: ["h2", "http/1.1"] },
    origins: [origin],
  };
}
