import { deepEqual, equal, match } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { stringify } from "yaml";
import { FakeApiServer } from "../kubernetes/testing/fake-api-server.ts";
import { kinds } from "../resources/kinds.ts";
import { createProgram } from "./program.ts";
import { UsageError } from "./usage-error.ts";
import { validateInCluster } from "./validate-cluster.ts";

const apiVersion = "gateway.networking.k8s.io/v1";

describe("get, describe and validate against a cluster", () => {
  let server: FakeApiServer;
  let directory: string;
  let cluster: readonly string[];

  before(async () => {
    server = await FakeApiServer.start();
    for (const kind of kinds) if (kind.group !== "gateway.networking.x-k8s.io") server.serve(kind);
    const programmed = { type: "Programmed", status: "True", reason: "Programmed", message: "It is." };
    const listeners = [{ name: "http", port: 80, protocol: "HTTP", allowedRoutes: { namespaces: { from: "Same" } } }];
    server.put({
      apiVersion,
      kind: "GatewayClass",
      metadata: { name: "gatewright", generation: 1 },
      spec: { controllerName: "gatewright.dev/gateway-controller" },
    });
    for (const name of ["public", "private"]) {
      server.put({
        apiVersion,
        kind: "Gateway",
        metadata: { namespace: "shop", name, generation: 1 },
        spec: { gatewayClassName: "gatewright", listeners },
        status: {
          addresses: [{ type: "IPAddress", value: name === "public" ? "10.0.0.7" : "10.0.0.8" }],
          conditions: [programmed],
        },
      });
    }
    server.put({
      apiVersion,
      kind: "HTTPRoute",
      metadata: { namespace: "shop", name: "cart", generation: 1 },
      spec: {
        parentRefs: [{ group: "gateway.networking.k8s.io", kind: "Gateway", name: "public" }],
        hostnames: ["cart.example.com"],
        rules: [
          {
            matches: [{ path: { type: "PathPrefix", value: "/" } }],
            backendRefs: [{ group: "", kind: "Service", name: "cart", port: 80, weight: 1 }],
          },
        ],
      },
    });
    const endpoints = [{ addresses: ["10.1.0.1"], conditions: { ready: true } }];
    server.put({
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { namespace: "shop", name: "cart-1", labels: { "kubernetes.io/service-name": "cart" } },
      addressType: "IPv4",
      ports: [{ name: "", port: 8080, protocol: "TCP" }],
      endpoints,
    });
    directory = mkdtempSync(join(tmpdir(), "cli-cluster-"));
    const kubeconfig = join(directory, "config");
    writeFileSync(
      kubeconfig,
      stringify({
        "current-context": "test",
        clusters: [{ name: "c", cluster: { server: server.url } }],
        contexts: [{ name: "test", context: { cluster: "c", namespace: "shop" } }],
      }),
    );
    cluster = ["--kubeconfig", kubeconfig];
  });
  after(async () => {
    rmSync(directory, { recursive: true });
    await server.close();
  });

  /** The program in this process: what it prints, and its exit code. */
  async function run(t: TestContext, ...args: readonly string[]): Promise<readonly [text: string, exitCode: unknown]> {
    const lines: string[] = [];
    const print = (text: string): void => {
      lines.push(text);
    };
    const mocks = [t.mock.method(console, "log", print), t.mock.method(console, "error", print)];
    const exitCode = process.exitCode;
    try {
      await createProgram().parseAsync([...args, ...cluster], { from: "user" });
      return [lines.join("\n"), process.exitCode];
    } catch (error) {
      if (error instanceof UsageError) return [error.message, 2];
      throw error;
    } finally {
      process.exitCode = exitCode;
      for (const mock of mocks) mock.mock.restore();
    }
  }

  async function validate(...args: readonly string[]): Promise<readonly [text: string, exitCode: unknown]> {
    let text = "";
    const stdout = {
      write: (written: string): void => {
        text += written;
      },
    };
    const [paths, flags] = [args.filter((arg) => arg.startsWith("/")), args.filter((arg) => !arg.startsWith("/"))];
    const namespace = flags[flags.indexOf("-n") + 1];
    const code = await validateInCluster(paths, {
      kubeconfig: cluster[1] ?? "",
      allNamespaces: false,
      strict: flags.includes("--strict"),
      ...(flags.includes("-n") && namespace !== undefined && { namespace }),
      stdout,
    });
    return [text.trimEnd(), code];
  }

  test("get: the status that is in the cluster, in the context's namespace, asking for no more than is needed", async (t) => {
    const asked = server.asked.length;
    const [text, code] = await run(t, "get", "gateways");
    equal(code, 0);
    match(text, /^NAME +CLASS +ADDRESS +PROGRAMMED +AGE\npublic +gatewright +10\.0\.0\.7 +True +<unknown>\nprivate /);
    const lists = server.asked.slice(asked).filter((line) => !/^GET \/apis\/[^/]*(\/[^/]*)?$/.test(line));
    deepEqual(lists, ["GET /apis/gateway.networking.k8s.io/v1/namespaces/shop/gateways?limit=500"]);

    match((await run(t, "get", "httproute/cart", "-o", "yaml"))[0], /^apiVersion: .*cart\.example\.com/s);
    match((await run(t, "get", "gateways", "-n", "other"))[0], /No resources found in namespace "other"/);
    match((await run(t, "get", "all", "-A"))[0], /NAMESPACE.*gatewayclass\.gateway\.networking\.k8s\.io\/gatewright/s);
    deepEqual(await run(t, "get", "xbackends"), [
      "The cluster has no xbackends: its Gateway API has other kinds, or is not installed (https://gateway-api.sigs.k8s.io/guides/).",
      2,
    ]);
  });

  test("describe: with what is wrong between objects; a Service that comes mends it", async (t) => {
    const [broken] = await run(t, "describe", "httproute", "cart");
    match(broken, /Backends:\n.*there is no such Service\nFindings:\n.*There is no Service shop\/cart/s);
    const service = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { namespace: "shop", name: "cart" },
      spec: { ports: [{ port: 80, protocol: "TCP", targetPort: 8080 }] },
    };
    server.put(service);
    const [mended] = await run(t, "describe", "httproute", "cart");
    match(mended, /Service shop\/cart:80 +1 +1: 10\.1\.0\.1:8080\s*$/);
    match((await run(t, "describe", "gateway", "public"))[0], /Addresses: 10\.0\.0\.7/);
    server.remove(service);
  });

  test("explain: what the cluster's Gateways would answer, and what the others would", async (t) => {
    const [text, code] = await run(t, "explain", "GET", "http://cart.example.com/");
    match(
      text,
      /500 Internal Server Error\. None of the rule's backends can be used\. There is no Service shop\/cart\.\n/,
    );
    match(text, /Rule +HTTPRoute shop\/cart, rule 0 +HTTPRoute shop\/cart spec\.rules\[0\]\.matches\[0\]/);
    match(
      text,
      /Gateway shop\/private listens on the port, too\. There: No route .* is for the host cart\.example\.com\./,
    );
    equal(code, 1);
    const [none] = await run(t, "explain", "GET", "http://10.0.0.8/", "-H", "Host: cart.example.com");
    match(none, /^GET .*404 Not Found.*"http" of Gateway shop\/private(?!.*listens on the port)/s);
  });

  test("graph: what the cluster holds, with its status; only what has to do with an object", async (t) => {
    const [whole, code] = await run(t, "graph");
    equal(code, 0);
    match(whole, /^Gateway shop\/private .*10\.0\.0\.8\n└─ listener http .*Gateway shop\/public/s);
    match(whole, /rule 0 .*\n.*└─ ✗ Service shop\/cart:80\n +└─ ✗ BackendNotFound: There is no Service shop\/cart\./);
    match((await run(t, "graph", "gateway/private"))[0], /^Gateway shop\/private .*\n└─ listener http {2}HTTP 80$/);
    match((await run(t, "graph", "httproute", "cart", "-o", "mermaid"))[0], /^flowchart LR\n(?!.*private)/s);
    deepEqual(await run(t, "graph", "gateway", "other"), ['Error: gateways "other" not found in namespace "shop"', 1]);
  });

  test("validate: what the cluster holds; files as if they were applied to it", async () => {
    const [text, code] = await validate();
    match(
      text,
      /^HTTPRoute shop\/cart spec\.rules\[0\]\.backendRefs\[0\] {2}warning {2}backend-not-found\n.*There is no Service shop\/cart.*objects in namespace shop .*; 0 errors, 1 warning\.$/s,
    );
    equal(code, 0);
    equal((await validate("--strict"))[1], 1);
    match((await validate("-n", "other"))[0], /1 object in namespace other .*; nothing to mend\.$/);

    const file = join(directory, "route.yaml");
    const route = { parentRefs: [{ name: "public" }], rules: [{ backendRefs: [{ name: "other", port: 80 }] }] };
    writeFileSync(
      file,
      stringify({ apiVersion, kind: "HTTPRoute", metadata: { namespace: "shop", name: "new" }, spec: route }),
    );
    // Gateway shop/public is found in the cluster; what is wrong with other objects there is nobody's question.
    const [ofFile] = await validate(file);
    match(ofFile, /route\.yaml:.*There is no Service shop\/other.*1 valid object in 1 file; 0 errors, 1 warning\.$/s);
    equal(/shop\/cart|gateway-not-found/.test(ofFile), false);
  });

  test("who may not read everything is told so, and isn't told that what can't be seen is missing", async (t) => {
    server.refuse("/api/v1/services", 403);
    match((await run(t, "get", "services", "-A"))[0], /You may not read services in all namespaces; name one with -n/);
    const [text] = await validate();
    match(text, /partly-readable.*not checked: Service\./s);
    const [drawn] = await run(t, "graph");
    for (const said of [text, drawn]) equal(/There is no Service|✗/.test(said), false, said);
    server.refuse("/api/v1/services", 200);
  });

  test("a server that is away", async (t) => {
    server.refuse("/gateways", 500);
    const [text, code] = await run(t, "get", "gateways");
    match(text, /GET .*\/gateways\?limit=500: .*\(context test of .*config\)/);
    equal(code, 2);
    server.refuse("/gateways", 200);
  });
});
