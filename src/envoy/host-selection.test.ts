import { deepEqual, equal } from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createAuthority } from "../../examples/seeds/certificate-authority.ts";
import { startBackend, type TestBackend } from "./testing/backend.ts";
import { backend, forward, httpListener, origin, PROXY, prefix, rule, table, to } from "./testing/ir.ts";
import { startProxy, type TestProxy } from "./testing/proxy.ts";
import { type Ask, ask } from "./testing/request.ts";

const tables = (chain: string) => [
  table("a.example.com", [rule({ match: prefix("/"), action: forward([to("exact")]) })], chain),
  table("narrow.example.com", [rule({ match: prefix("/only"), action: forward([to("exact")]) })], chain),
  table("*.example.com", [rule({ action: forward([to("wildcard")]) })], chain),
  table("*.deep.example.com", [rule({ action: forward([to("deep")]) })], chain),
  table("*", [rule({ match: prefix("/"), action: forward([to("all")]) })], chain),
];

/** Host of the request, path, and the backend that answers; a number is the status of an answer of the proxy's own. */
const cases: readonly (readonly [host: string, path: string, expected: string | number])[] = [
  ["a.example.com", "/", "exact"],
  ["a.example.com:8080", "/", "exact"],
  ["A.Example.COM", "/", "exact"],
  ["A.example.com:80", "/", "exact"],
  ["a.example.com.", "/", "exact"],
  ["a.example.com.:80", "/", "exact"],
  ["A.EXAMPLE.COM.", "/", "exact"],
  ["b.example.com", "/", "wildcard"],
  ["B.EXAMPLE.com:99", "/", "wildcard"],
  ["x.y.example.com", "/", "wildcard"],
  ["x.deep.example.com", "/", "deep"],
  ["x.y.deep.example.com.", "/", "deep"],
  ["deep.example.com", "/", "wildcard"],
  ["example.com", "/", "all"],
  ["example.org", "/", "all"],
  ["notexample.com", "/", "all"],
  ["[::1]", "/", "all"],
  ["[::1]:8080", "/", "all"],
  ["127.0.0.1:80", "/", "all"],
  ["*.example.com", "/", "wildcard"],
  ["*", "/", "all"],
  [`${"a.".repeat(200)}example.com`, "/", "all"],
  ["narrow.example.com", "/only/here", "exact"],
  ["narrow.example.com", "/elsewhere", 404],
  ["NARROW.example.com", "/elsewhere", 404],
];

describe("which table serves a host", () => {
  const backends: TestBackend[] = [];
  const ways: [string, () => Ask, string][] = [];
  let proxy: TestProxy;

  before(async () => {
    for (const name of ["exact", "wildcard", "deep", "all", "other"]) backends.push(await startBackend(name));
    const authority = await createAuthority();
    const certificate = await authority.issue(["*.example.com"]);
    proxy = await startProxy({
      backends: backends.map(({ name, port }) => backend(name, [port])),
      listeners: [
        httpListener("http-80"),
        httpListener("https-443", {
          chains: [
            tlsChain("https-443/example", ["*.example.com"], ["h2", "http/1.1"]),
            tlsChain("https-443/other", ["other.example.com"], ["h2", "http/1.1"]),
          ],
        }),
      ],
      certificates: [{ proxy: PROXY, name: "cert", certificateChain: certificate.cert, privateKey: certificate.key }],
      tables: [
        ...tables("http-80"),
        ...tables("https-443/example"),
        table("*", [rule({ action: forward([to("other")]) })], "https-443/other"),
      ],
    });
    const tls = { serverName: "any.example.com", authority: authority.certificate };
    ways.push(
      ["HTTP/1.1", () => ({}), "http-80"],
      ["h2c", () => ({ protocol: "HTTP/2" }), "http-80"],
      ["HTTPS", () => ({ tls }), "https-443"],
      ["HTTPS and HTTP/2", () => ({ tls, protocol: "HTTP/2" }), "https-443"],
      ["other", () => ({ tls: { ...tls, serverName: "other.example.com" } }), "https-443"],
    );
  });

  after(async () => {
    await proxy?.stop();
    await Promise.all(backends.map((one) => one.stop()));
  });

  function way(name: string): (options: Ask) => ReturnType<typeof ask> {
    const found = ways.find(([known]) => known === name);
    if (found === undefined) throw new Error(`no way ${name}`);
    return (options) => ask(proxy.port(found[2]), { ...found[1](), ...options });
  }

  for (const name of ["HTTP/1.1", "h2c", "HTTPS", "HTTPS and HTTP/2"]) {
    describe(name, () => {
      for (const [host, path, expected] of cases) {
        test(`${host.slice(0, 40)}${path} → ${expected}`, async () => {
          const { status, seen } = await way(name)({ host, path });
          deepEqual(
            typeof expected === "number" ? status : [status, seen?.backend],
            typeof expected === "number" ? expected : [200, expected],
          );
        });
      }

      test("the scope header of a client has no effect", async () => {
        const forged = { "proxy-status": "http-80/b.example.com", "x-gw-scope": "~:http-80/b.example.com" };
        equal((await way(name)({ host: "a.example.com", headers: forged })).seen?.backend, "exact");
        equal((await way(name)({ host: "example.org", headers: forged })).seen?.backend, "all");
      });

      test("no backend sees the scope header", async () => {
        for (const host of ["a.example.com", "b.example.com", "example.org", "A.example.com"]) {
          const { seen } = await way(name)({ host, headers: { "proxy-status": "forged" } });
          equal(seen?.headers["proxy-status"], undefined);
        }
      });

      test("the backend sees the Host as it came", async () => {
        equal((await way(name)({ host: "b.example.com:8080" })).seen?.headers.host, "b.example.com:8080");
      });
    });
  }

  test("another chain's tables are out of reach", async () => {
    equal((await way("other")({ host: "a.example.org" })).seen?.backend, "other");
    equal((await way("other")({ host: "a.example.com" })).status, 421);
    for (const host of ["example/a.example.com", "../example/a.example.com", "~1example/a.example.com"]) {
      const { status, seen } = await way("other")({ host });
      deepEqual([[400, 421].includes(status), seen], [true, undefined], host);
    }
  });

  test("the script never failed", async () => {
    for (const [name, value] of await proxy.stats("lua")) equal(value, 0, name);
  });
});

function tlsChain(name: string, serverNames: readonly string[], alpn: readonly string[]) {
  return { kind: "http" as const, name, serverNames, tls: { certificates: ["cert"], alpn }, origins: [origin] };
}
