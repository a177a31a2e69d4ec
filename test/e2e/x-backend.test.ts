import { deepEqual, equal, match } from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createAuthority } from "../../examples/seeds/certificate-authority.ts";
import { tlsSecret } from "../../examples/seeds/make-certificates.ts";
import { temporaryFolder } from "./harness/example.ts";
import { startGateway } from "./harness/gateway.ts";
import { httpClient } from "./harness/http-client.ts";
import { gatewayClass, type Resource, resourceFolder } from "./harness/resources.ts";
import { type SeenTls, startTlsBackend } from "./harness/tls-backend.ts";

const apiVersion = "gateway.networking.k8s.io/v1";
const group = "gateway.networking.x-k8s.io";

function xBackend(name: string, port: number, spec: Resource, annotations: Record<string, string> = {}): Resource {
  return {
    apiVersion: `${group}/v1alpha1`,
    kind: "XBackend",
    metadata: { name, annotations },
    spec: { port: { number: port }, ...spec },
  };
}

/** The machine itself, as DNS knows it, in TLS. */
function outside(name: string, port: number, hostname: string, more: Resource = {}, mode = "ServerOnly"): Resource {
  const validation = { hostname, caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "authority" }] };
  const clientCertificateRef = mode === "ServerOnly" ? {} : { clientCertificateRef: { name: "client" } };
  return xBackend(name, port, {
    type: "ExternalHostname",
    externalHostname: { hostname: "localhost" },
    tls: { mode, validation, ...clientCertificateRef },
    ...more,
  });
}

/** A backend that answers with its name, and with the status that is asked for. */
async function startBackend(
  t: TestContext,
  name: string,
): Promise<{ readonly port: number; readonly asked: () => number }> {
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    response.writeHead(Number(request.headers["x-answer"] ?? 200)).end(name);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the backend has no port");
  return { port: address.port, asked: () => asked };
}

test("XBackend and XBackendTrafficPolicy", async (t) => {
  const path = await temporaryFolder(t);
  const [authority, clients] = await Promise.all([createAuthority("servers"), createAuthority("clients")]);
  const pair = await authority.issue(["api.example.com"]);
  const port = await startTlsBackend(t, "api", "127.0.0.1", pair);
  const strict = await startTlsBackend(t, "strict", "127.0.0.1", pair, clients.certificate);
  const [one, two] = await Promise.all([startBackend(t, "one"), startBackend(t, "two")]);

  const folder = await resourceFolder(join(path, "resources"));
  const listeners = [
    { name: "http", port: 80, protocol: "HTTP" },
    { name: "tcp", port: 9000, protocol: "TCP" },
  ];
  await folder.write(
    "gateway.yaml",
    gatewayClass(),
    { apiVersion, kind: "Gateway", metadata: { name: "edge" }, spec: { gatewayClassName: "gatewright", listeners } },
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "authority" }, data: { "ca.crt": authority.certificate } },
  );
  await folder.writeText("client.yaml", tlsSecret("default", "client", await clients.issue(["gateway.example.com"])));
  const endpoints = { "gatewright.dev/endpoints": `127.0.0.1:${one.port}, 127.0.0.1:${two.port}` };
  await folder.write(
    "backends.yaml",
    outside("api", port, "api.example.com"),
    outside("http2", port, "api.example.com", { protocol: "HTTP2" }),
    outside("strict", strict, "api.example.com", {}, "ClientAndServer"),
    outside("without-certificate", strict, "api.example.com"),
    outside("mismatch", port, "other.example.com"),
    xBackend(
      "pods",
      8080,
      {
        type: "EndpointSelector",
        endpointSelector: { matchLabels: { app: "pods" } },
        sessionPersistence: { cookie: { name: "pod" } },
      },
      endpoints,
    ),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "one", annotations: { "gatewright.dev/endpoints": `127.0.0.1:${one.port}` } },
      spec: { ports: [{ port: 80 }] },
    },
    {
      apiVersion: `${group}/v1alpha1`,
      kind: "XBackendTrafficPolicy",
      metadata: { name: "budget" },
      spec: {
        targetRefs: [{ group: "", kind: "Service", name: "one" }],
        retryConstraint: { budget: { percent: 0, interval: "1h" }, minRetryRate: { count: 2, interval: "1h" } },
      },
    },
  );
  const names = ["api", "http2", "strict", "without-certificate", "mismatch", "pods"];
  const rules = names.map((name) => ({
    matches: [{ path: { type: "Exact", value: `/${name}` } }],
    backendRefs: [{ group, kind: "XBackend", name }],
  }));
  const retried = {
    matches: [{ path: { value: "/retried" } }],
    backendRefs: [{ name: "one", port: 80 }],
    retry: { codes: [500], attempts: 1, backoff: "1ms" },
  };
  const parentRefs = (sectionName: string) => [{ name: "edge", sectionName }];
  await folder.write(
    "routes.yaml",
    {
      apiVersion,
      kind: "HTTPRoute",
      metadata: { name: "web" },
      spec: { parentRefs: parentRefs("http"), rules: [...rules, retried] },
    },
    {
      apiVersion,
      kind: "TCPRoute",
      metadata: { name: "tcp" },
      spec: { parentRefs: parentRefs("tcp"), rules: [{ backendRefs: [{ group, kind: "XBackend", name: "api" }] }] },
    },
  );
  const gateway = await startGateway(t, [join(path, "resources")], [80, 9000]);
  const client = httpClient(gateway.port(80));
  t.after(() => client.close());

  await t.test("an external hostname is verified, and shown the certificate that the XBackend names", async () => {
    const answer = async (name: string) => {
      const { status, body } = await client.send({ host: "web.example.com", path: `/${name}` });
      if (status !== 200) return status;
      const seen: SeenTls = JSON.parse(body);
      return `${seen.service} ${seen.httpVersion} ${seen.serverName} ${seen.client ?? "nobody"}`;
    };
    const answers = await Promise.all(names.slice(0, 5).map(async (name) => [name, await answer(name)] as const));
    deepEqual(Object.fromEntries(answers), {
      api: "api 1.1 api.example.com nobody",
      http2: "api 2.0 api.example.com nobody",
      strict: "strict 1.1 api.example.com gateway.example.com",
      "without-certificate": 503,
      mismatch: 503,
    });
  });

  await t.test("a TCPRoute's bytes go there, too", async () => {
    const stream = httpClient(gateway.port(9000));
    const { body } = await stream.send({ host: "tcp.example.com" });
    stream.close();
    const seen: SeenTls = JSON.parse(body);
    equal(seen.serverName, "api.example.com");
  });

  await t.test("a session stays with its endpoint", async () => {
    const first = await client.send({ host: "web.example.com", path: "/pods" });
    const cookie = String(first.headers["set-cookie"]).split(";")[0] ?? "";
    match(cookie, /^pod=/);
    for (let request = 0; request < 10; request++) {
      const { body } = await client.send({ host: "web.example.com", path: "/pods", headers: { cookie } });
      equal(body, first.body);
    }
  });

  await t.test("retries end where their budget does", async () => {
    // One connection has one worker, and each worker counts by itself.
    const single = httpClient(gateway.port(80), { connections: 1 });
    const before = one.asked();
    const statuses = new Set<number>();
    const requests = 40;
    for (let request = 0; request < requests; request++) {
      const { status } = await single.send({
        host: "web.example.com",
        path: "/retried",
        headers: { "x-answer": "500" },
      });
      statuses.add(status);
    }
    single.close();
    equal(one.asked() - before, requests + 2);
    deepEqual(statuses, new Set([500, 503]));
  });

  await t.test("status", async () => {
    const { stdout } = await gateway.cli("describe", "xbackend", "api");
    match(stdout, /On Gateway default\/edge:\n.*\n +Accepted .* Accepted .*\n +ResolvedRefs .* ResolvedRefs /);
    const route = await gateway.cli("describe", "httproute", "web");
    match(route.stdout, /XBackend default\/api +1 +localhost:\d+ \(DNS\)/);
    match(route.stdout, /XBackend default\/pods +1 +2: 127\.0\.0\.1:\d+, 127\.0\.0\.1:\d+/);
    const policy = await gateway.cli("describe", "xbackendtrafficpolicy", "budget");
    match(policy.stdout, /On Gateway default\/edge:\n.*\n +Accepted .* Accepted /);
  });
});
