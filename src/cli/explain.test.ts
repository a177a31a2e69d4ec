import { deepEqual, equal, match } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { createMetrics } from "../admin/metrics/metrics.ts";
import { serveAdmin } from "../admin/server.ts";
import type { Explanation } from "../explain/explanation.ts";
import { planeOf } from "../explain/testing/plane.ts";
import { createProgram } from "./program.ts";
import { UsageError } from "./usage-error.ts";

const text = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: gatewright }
spec: { controllerName: gatewright.dev/gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: public }
spec:
  gatewayClassName: gatewright
  listeners:
    - { name: http, port: 80, protocol: HTTP }
    - { name: admin, port: 8080, protocol: HTTP }
    - { name: db, port: 5432, protocol: TCP }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop }
spec:
  parentRefs: [{ name: public, sectionName: http }]
  hostnames: [shop.example.com]
  rules:
    - matches: [{ path: { value: /cart } }]
      backendRefs: [{ name: cart, port: 80 }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: admin }
spec:
  parentRefs: [{ name: public, sectionName: admin }]
  rules: [{ matches: [{ path: { value: /admin } }] }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: { name: db }
spec:
  parentRefs: [{ name: public, sectionName: db }]
  rules: [{ backendRefs: [{ name: cart, port: 80, weight: 3 }, { name: nothing, port: 80, weight: 1 }] }]
---
apiVersion: v1
kind: Service
metadata: { name: cart, annotations: { gatewright.dev/endpoints: "10.0.0.1:8080" } }
spec: { ports: [{ port: 80 }] }
`;

const notFound = `GET http://shop.example.com/admin

404 Not Found. The one rule for shop.example.com does not match.

Listener   *:80                              HTTP
           "http" of Gateway default/public  DIR/shop.yaml:13:7
Host       shop.example.com                  served by name
Path       /admin`;

describe("gatewright explain", () => {
  let directory: string;
  let files: readonly string[];
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "cli-explain-"));
    writeFileSync(join(directory, "shop.yaml"), text);
    files = ["-f", directory];
  });
  after(() => rmSync(directory, { recursive: true }));

  /** What it prints, and its exit code. */
  async function run(t: TestContext, ...args: readonly string[]): Promise<readonly [printed: string, code: unknown]> {
    const lines: string[] = [];
    const mock = t.mock.method(console, "log", (line: string) => void lines.push(line));
    const exitCode = process.exitCode;
    try {
      await createProgram().parseAsync(["explain", ...args], { from: "user" });
      return [lines.join("\n").replaceAll(directory, "DIR"), process.exitCode];
    } catch (error) {
      if (error instanceof UsageError) return [error.message, 2];
      throw error;
    } finally {
      process.exitCode = exitCode;
      mock.mock.restore();
    }
  }

  test("why a 404: the route is on another port", async (t) => {
    const [printed, code] = await run(t, "GET", "http://shop.example.com/admin", ...files);
    equal(code, 1);
    equal(
      printed.replaceAll(/ {2,}/g, "  "),
      `${notFound}

Routes that would match:
  HTTPRoute default/admin (path at or below /admin)  DIR/shop.yaml:31:16
    is attached to listener "admin" of Gateway default/public, HTTP on port 8080; this request goes elsewhere

Other rules for this host:
  HTTPRoute default/shop, rule 0 (path at or below /cart)  DIR/shop.yaml:24:17
    does not match: its path is /admin, not at or below /cart`.replaceAll(/ {2,}/g, "  "),
    );
  });

  test("what is served, with the method left out; a connection; JSON", async (t) => {
    const [printed, code] = await run(t, "http://shop.example.com/cart", ...files);
    equal(code, 0);
    match(printed, /It goes to Service default\/cart:80\.\n/);
    match(printed, /Backends +100 % Service default\/cart:80 .*\n +10\.0\.0\.1:8080 +as shop\.example\.com\/cart$/m);

    const [connection] = await run(t, "tcp://localhost:5432", ...files);
    match(connection, /TCPRoute default\/db, rule 0.*75 % Service default\/cart:80.*25 % nowhere/s);

    const [json] = await run(t, "GET", "http://shop.example.com/cart", "-o", "json", ...files);
    const { answer, rule }: Explanation = JSON.parse(json);
    deepEqual(answer, { by: "backend", message: "It goes to Service default/cart:80." });
    deepEqual(rule?.place.location, { file: "DIR/shop.yaml", line: 24, column: 17 });
  });

  test("headers, gRPC, and what makes no sense", async (t) => {
    const url = "http://10.0.0.7/cart";
    equal((await run(t, url, "-H", "Host: shop.example.com", ...files))[1], 0);
    match(
      (await run(t, url, "--grpc", "a.B/C", ...files))[0],
      /^POST http:\/\/10\.0\.0\.7\/a\.B\/C\n\n404 Not Found \(gRPC status 12\)/,
    );
    for (const [args, message] of [
      [["GET", url, "more"], /Write METHOD URL/],
      [["ftp://x/"], /write http:\/\//],
      [["tcp://x"], /names no port/],
      [[url, "-H", "x"], /is not "NAME: VALUE"/],
      [[url, "--grpc", "x"], /is not SERVICE\/METHOD/],
      [[url, "--client-ip", "x"], /is not an IP address/],
      [["tcp://x:1", "-H", "a: b"], /has no headers/],
      [["http://x", "--sni", "y"], /ask with https/],
    ] as const) {
      const [printed, code] = await run(t, ...args, ...files);
      match(printed, message);
      equal(code, 2);
    }
  });

  test("of a running instance", async (t) => {
    const server = await serveAdmin("127.0.0.1:0", {
      controlPlane: planeOf(text, "there.yaml"),
      metrics: createMetrics("test"),
      notReady: () => [],
      findings: () => Promise.resolve([]),
      envoyMetrics: () => Promise.resolve(""),
    });
    t.after(() => server.close());
    const address = server.address();
    const admin = `127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
    const [printed, code] = await run(t, "GET", "http://shop.example.com/cart", "--admin-address", admin);
    match(printed, /HTTPRoute default\/shop, rule 0 +there\.yaml:24:17/);
    equal(code, 0);
    equal((await fetch(`http://${admin}/api/v1/explain?url=nonsense`)).status, 400);
  });
});
