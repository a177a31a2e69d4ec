import { deepEqual, equal, match } from "node:assert/strict";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect as connectHttp2 } from "node:http2";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { createAuthority } from "../../examples/seeds/certificate-authority.ts";
import { tlsSecret } from "../../examples/seeds/make-certificates.ts";
import { temporaryFolder } from "./harness/example.ts";
import { startGateway } from "./harness/gateway.ts";
import { httpClient } from "./harness/http-client.ts";
import { gatewayClass, type Resource, resourceFolder } from "./harness/resources.ts";
import { type SeenTls, startTlsBackend } from "./harness/tls-backend.ts";
import { eventually } from "./harness/wait.ts";

const apiVersion = "gateway.networking.k8s.io/v1";
const uri = "spiffe://example.com/ns/default/sa/backend";

/** A Service at a port of this machine, and the policy for it, if any. */
function backend(name: string, port: number, validation?: Resource): readonly Resource[] {
  const annotations = { "gatewright.dev/endpoints": `127.0.0.1:${port}` };
  const spec = { ports: [{ name: "tls", port: 443 }] };
  const service = { apiVersion: "v1", kind: "Service", metadata: { name, annotations }, spec };
  const targetRefs = [{ group: "", kind: "Service", name, sectionName: "tls" }];
  const policy = { apiVersion, kind: "BackendTLSPolicy", metadata: { name }, spec: { targetRefs, validation } };
  return validation === undefined ? [service] : [service, policy];
}

function configMap(name: string, authority: string): Resource {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { "ca.crt": authority } };
}

function route(kind: string, name: string, section: string, spec: Resource): Resource {
  return {
    apiVersion,
    kind,
    metadata: { name },
    spec: { parentRefs: [{ name: "edge", sectionName: section }], ...spec },
  };
}

/** Everything that a policy may say, by the path that leads there. */
const validations: Readonly<Record<string, Resource>> = {
  plain: { hostname: "backend.example.com", caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "right" }] },
  "host-mismatch": { hostname: "x.example.com", caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "right" }] },
  "authority-mismatch": {
    hostname: "backend.example.com",
    caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "wrong" }],
  },
  "no-authority": {
    hostname: "backend.example.com",
    caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "nonexistent" }],
  },
  "two-authorities": {
    hostname: "backend.example.com",
    caCertificateRefs: [
      { group: "", kind: "ConfigMap", name: "wrong" },
      { group: "certificates.k8s.io", kind: "ClusterTrustBundle", name: "right" },
    ],
  },
  system: { hostname: "backend.example.com", wellKnownCACertificates: "System" },
  "san-uri": {
    hostname: "any.example.com",
    caCertificateRefs: [{ group: "certificates.k8s.io", kind: "ClusterTrustBundle", name: "right" }],
    subjectAltNames: [
      { type: "Hostname", hostname: "x.example.com" },
      { type: "URI", uri },
    ],
  },
  "san-wildcard": {
    hostname: "any.example.com",
    caCertificateRefs: [{ group: "", kind: "Secret", name: "right" }],
    subjectAltNames: [{ type: "Hostname", hostname: "*.example.com" }],
  },
  "san-mismatch": {
    hostname: "backend.example.com",
    caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "right" }],
    subjectAltNames: [{ type: "URI", uri: `${uri}-other` }],
  },
};

async function stage(t: TestContext) {
  const path = await temporaryFolder(t);
  const [right, wrong, front] = await Promise.all([
    createAuthority("right"),
    createAuthority("wrong"),
    createAuthority(),
  ]);
  const systemFile = join(path, "system.pem");
  await writeFile(systemFile, `${wrong.certificate}${right.certificate}`);
  const port = await startTlsBackend(t, "backend", "127.0.0.1", await right.issue(["backend.example.com", uri]));

  const folder = await resourceFolder(join(path, "resources"));
  const tls = { mode: "Terminate", certificateRefs: [{ name: "front" }] };
  const listeners = [
    { name: "http", port: 80, protocol: "HTTP" },
    { name: "tls", port: 8443, protocol: "TLS", hostname: "end.example.com", tls },
    { name: "through", port: 8443, protocol: "TLS", hostname: "backend.example.com", tls: { mode: "Passthrough" } },
    { name: "tcp", port: 9000, protocol: "TCP" },
  ];
  await folder.write("gateway.yaml", gatewayClass(), {
    apiVersion,
    kind: "Gateway",
    metadata: { name: "edge" },
    spec: { gatewayClassName: "gatewright", listeners },
  });
  await folder.writeText("front.yaml", tlsSecret("default", "front", await front.issue(["end.example.com"])));
  await folder.write(
    "authorities.yaml",
    configMap("right", right.certificate),
    configMap("wrong", wrong.certificate),
    { apiVersion: "v1", kind: "Secret", metadata: { name: "right" }, stringData: { "ca.crt": right.certificate } },
    {
      apiVersion: "certificates.k8s.io/v1alpha1",
      kind: "ClusterTrustBundle",
      metadata: { name: "right" },
      spec: { trustBundle: right.certificate },
    },
  );
  const named = Object.entries(validations);
  await folder.write("backends.yaml", ...named.flatMap(([name, validation]) => backend(name, port, validation)));
  const rules = named.map(([name]) => ({
    matches: [{ path: { type: "Exact", value: `/${name}` } }],
    backendRefs: [{ name, port: 443 }],
  }));
  const toPlain = { rules: [{ backendRefs: [{ name: "plain", port: 443 }] }] };
  await folder.write(
    "routes.yaml",
    route("HTTPRoute", "web", "http", { hostnames: ["web.example.com"], rules }),
    route("GRPCRoute", "grpc", "http", { hostnames: ["grpc.example.com"], ...toPlain }),
    route("TLSRoute", "tls", "tls", { hostnames: ["end.example.com"], ...toPlain }),
    route("TLSRoute", "through", "through", { hostnames: ["backend.example.com"], ...toPlain }),
    route("TCPRoute", "tcp", "tcp", toPlain),
  );
  const gateway = await startGateway(t, [join(path, "resources")], [80, 8443, 9000], {
    env: { SSL_CERT_FILE: systemFile },
  });
  const client = httpClient(gateway.port(80));
  t.after(() => client.close());
  return { gateway, folder, right, wrong, front, client };
}

test("BackendTLSPolicy", async (t) => {
  const { gateway, folder, right, wrong, front, client } = await stage(t);
  const answer = async (name: string) => {
    const { status, body } = await client.send({ host: "web.example.com", path: `/${name}` });
    if (status !== 200) return status;
    const { serverName, httpVersion }: SeenTls = JSON.parse(body);
    return `${serverName} ${httpVersion}`;
  };

  await t.test("an HTTPRoute's backends are verified, each as its policy says", async () => {
    const answers = await Promise.all(
      Object.keys(validations).map(async (name) => [name, await answer(name)] as const),
    );
    deepEqual(Object.fromEntries(answers), {
      plain: "backend.example.com 1.1",
      "host-mismatch": 503,
      "authority-mismatch": 503,
      "no-authority": 500,
      "two-authorities": "backend.example.com 1.1",
      system: "backend.example.com 1.1",
      "san-uri": "any.example.com 1.1",
      "san-wildcard": "any.example.com 1.1",
      "san-mismatch": 503,
    });
  });

  await t.test("a GRPCRoute's backends, over HTTP/2", async () => {
    const session = connectHttp2(`http://127.0.0.1:${gateway.port(80)}`);
    const stream = session.request({
      ":method": "POST",
      ":path": "/echo.Echo/Say",
      ":authority": "grpc.example.com",
      "content-type": "application/grpc",
    });
    stream.end();
    await once(stream, "response");
    const { serverName, httpVersion }: SeenTls = JSON.parse(await text(stream));
    session.close();
    equal(`${serverName} ${httpVersion}`, "backend.example.com 2.0");
  });

  for (const [what, port, host, ca, expected] of [
    [
      "a TLSRoute whose TLS ends here goes on in the backend's",
      8443,
      "end.example.com",
      front.certificate,
      "backend.example.com",
    ],
    [
      "a TLSRoute that is passed through goes on as it is",
      8443,
      "backend.example.com",
      right.certificate,
      "backend.example.com",
    ],
    ["a TCPRoute's bytes are put into TLS", 9000, "tcp.example.com", undefined, "backend.example.com"],
  ] as const) {
    await t.test(what, async () => {
      const stream = httpClient(gateway.port(port), ca === undefined ? {} : { ca });
      const { body } = await stream.send({ host });
      stream.close();
      const { serverName }: SeenTls = JSON.parse(body);
      equal(serverName, expected);
    });
  }

  await t.test("status", async () => {
    for (const [name, accepted, resolved] of [
      ["plain", "Accepted", "ResolvedRefs"],
      ["host-mismatch", "Accepted", "ResolvedRefs"],
      ["no-authority", "NoValidCACertificate", "InvalidCACertificateRef"],
    ] as const) {
      const { stdout } = await gateway.cli("describe", "backendtlspolicy", name);
      match(
        stdout,
        new RegExp(`On Gateway default/edge:\\n.*\\n +Accepted .* ${accepted} .*\\n +ResolvedRefs .* ${resolved} `),
      );
    }
  });

  await t.test("a rotated authority counts for new connections; one that goes takes its backends away", async () => {
    await folder.write("authorities-2.yaml", configMap("nonexistent", wrong.certificate));
    await eventually(async () => equal(await answer("no-authority"), 503));
    await folder.write("authorities-2.yaml", configMap("nonexistent", right.certificate));
    await eventually(async () => equal(await answer("no-authority"), "backend.example.com 1.1"));
    await folder.remove("authorities-2.yaml");
    await eventually(async () => equal(await answer("no-authority"), 500));
    equal(await answer("plain"), "backend.example.com 1.1");
  });
});
