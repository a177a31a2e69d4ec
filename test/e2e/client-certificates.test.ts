import { deepEqual, equal, rejects } from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { connect } from "node:tls";
import { createAuthority } from "../../examples/seeds/certificate-authority.ts";
import { tlsSecret } from "../../examples/seeds/make-certificates.ts";
import { temporaryFolder } from "./harness/example.ts";
import { startGateway } from "./harness/gateway.ts";
import { httpClient } from "./harness/http-client.ts";
import { gatewayClass, type Resource, resourceFolder } from "./harness/resources.ts";
import { type SeenTls, startTlsBackend } from "./harness/tls-backend.ts";
import { eventually } from "./harness/wait.ts";

const apiVersion = "gateway.networking.k8s.io/v1";
const host = "app.example.com";

function configMap(name: string, authority: string): Resource {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { "ca.crt": authority } };
}

function gatewayOf(name: string, listeners: readonly Resource[], tls?: Resource): Resource {
  const spec = { gatewayClassName: "gatewright", listeners, ...(tls === undefined ? {} : { tls }) };
  return { apiVersion, kind: "Gateway", metadata: { name }, spec };
}

/** Gateway "edge" asks its clients for certificates and shows one to backends; "other" does neither. */
async function stage(t: TestContext) {
  const path = await temporaryFolder(t);
  const [front, clients, strangers, back] = await Promise.all(
    ["front", "clients", "strangers", "back"].map((name) => createAuthority(name)),
  );
  if (!front || !clients || !strangers || !back) throw new Error("there are four authorities");
  const pair = await back.issue(["backend.example.com"]);
  const backendPort = await startTlsBackend(t, "backend", "127.0.0.1", pair, back.certificate);

  const folder = await resourceFolder(join(path, "resources"));
  const validation = (name: string) => ({ caCertificateRefs: [{ group: "", kind: "ConfigMap", name }] });
  const https = (name: string, port: number) => {
    const options = name === "fallback" ? { "gatewright.dev/tls-minimum-version": "1.3" } : {};
    const tls = { mode: "Terminate", certificateRefs: [{ name: "front" }, { name: "front-rsa" }], options };
    return { name, port, protocol: "HTTPS", hostname: host, tls };
  };
  await folder.write(
    "gateways.yaml",
    gatewayClass(),
    gatewayOf("edge", [https("default", 443), https("fallback", 8443), https("broken", 9443)], {
      frontend: {
        default: { validation: validation("clients") },
        perPort: [
          { port: 8443, tls: { validation: { ...validation("clients"), mode: "AllowInsecureFallback" } } },
          { port: 9443, tls: { validation: validation("nonexistent") } },
        ],
      },
      backend: { clientCertificateRef: { name: "edge" } },
    }),
    gatewayOf("other", [{ name: "http", port: 80, protocol: "HTTP" }]),
  );
  await folder.writeText("front.yaml", tlsSecret("default", "front", await front.issue([host])));
  await folder.writeText("front-rsa.yaml", tlsSecret("default", "front-rsa", await front.issue([host], "RSA")));
  await folder.writeText("edge.yaml", tlsSecret("default", "edge", await back.issue(["edge.example.com"])));
  await folder.write("clients.yaml", configMap("clients", clients.certificate));
  await folder.write(
    "backend.yaml",
    configMap("back", back.certificate),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "backend", annotations: { "gatewright.dev/endpoints": `127.0.0.1:${backendPort}` } },
      spec: { ports: [{ port: 443 }] },
    },
    {
      apiVersion,
      kind: "BackendTLSPolicy",
      metadata: { name: "backend" },
      spec: {
        targetRefs: [{ group: "", kind: "Service", name: "backend" }],
        validation: { hostname: "backend.example.com", ...validation("back") },
      },
    },
    {
      apiVersion,
      kind: "HTTPRoute",
      metadata: { name: "app" },
      spec: {
        parentRefs: [{ name: "edge" }, { name: "other" }],
        hostnames: [host],
        rules: [{ backendRefs: [{ name: "backend", port: 443 }] }],
      },
    },
  );
  const gateway = await startGateway(t, [join(path, "resources")], [80, 443, 8443, 9443]);
  const known = await clients.issue(["client.example.com", "spiffe://example.com/client"]);
  const stranger = await strangers.issue(["stranger.example.com"]);
  const ask = async (port: number, client: { readonly cert: string; readonly key: string } | undefined) => {
    const options = { ca: front.certificate, ...(client === undefined ? {} : { client }) };
    const connection = httpClient(gateway.port(port), port === 80 ? {} : options);
    try {
      const headers = { "x-forwarded-client-cert": 'Subject="CN=forged"' };
      const { status, body } = await connection.send({ host, headers });
      if (status !== 200) return status;
      const seen: SeenTls = JSON.parse(body);
      return { client: seen.client, forwarded: seen.forwarded?.replace(/^Hash=[0-9a-f]+;/, "") };
    } finally {
      connection.close();
    }
  };
  return { gateway, folder, ask, front, known, stranger, strangers };
}

test("client certificates", async (t) => {
  const { gateway, folder, ask, front, known, stranger, strangers } = await stage(t);
  const forwarded = 'Subject="CN=client.example.com";URI=spiffe://example.com/client;DNS=client.example.com';

  await t.test("a valid one is let in, its name reaches the backend, and the Gateway shows its own", async () => {
    deepEqual(await ask(443, known), { client: "edge.example.com", forwarded });
  });

  await t.test("without one, or with one of another authority, there is no connection", async () => {
    await rejects(ask(443, undefined));
    await rejects(ask(443, stranger));
  });

  await t.test("AllowInsecureFallback lets in everybody and vouches for nobody", async () => {
    for (const client of [known, stranger, undefined]) {
      deepEqual(await ask(8443, client), { client: "edge.example.com", forwarded: undefined });
    }
  });

  await t.test("a listener that asks for TLS 1.3 speaks no older one", async () => {
    const connected = async (maxVersion: "TLSv1.2" | "TLSv1.3") => {
      const options = {
        host: "127.0.0.1",
        port: gateway.port(8443),
        servername: host,
        ca: front.certificate,
        maxVersion,
      };
      const socket = connect(options);
      t.after(() => socket.destroy());
      await once(socket, "secureConnect");
      return socket.getProtocol();
    };
    equal(await connected("TLSv1.3"), "TLSv1.3");
    await rejects(connected("TLSv1.2"), /protocol version/);
  });

  for (const [sigalgs, type] of [
    ["ecdsa_secp256r1_sha256", "ec"],
    ["rsa_pss_rsae_sha256", "rsa"],
  ] as const) {
    await t.test(`of two certificates of one host, a client that knows ${type} alone gets that one`, async () => {
      const options = { host: "127.0.0.1", port: gateway.port(8443), servername: host, rejectUnauthorized: false };
      const socket = connect({ ...options, sigalgs });
      t.after(() => socket.destroy());
      await once(socket, "secureConnect");
      equal(socket.getPeerX509Certificate()?.publicKey.asymmetricKeyType, type);
    });
  }

  await t.test("a port whose authority is not there lets in nobody", async () => {
    await rejects(ask(9443, known));
  });

  await t.test("a Gateway without a certificate is turned away by a backend that wants one", async () => {
    equal(await ask(80, undefined), 503);
  });

  await t.test("a rotated authority counts for new connections, and drops none", async () => {
    const kept = httpClient(gateway.port(443), { ca: front.certificate, client: known, connections: 1 });
    t.after(() => kept.close());
    equal((await kept.send({ host })).status, 200);
    await folder.write("clients.yaml", configMap("clients", strangers.certificate));
    await eventually(async () => {
      deepEqual(await ask(443, stranger), {
        client: "edge.example.com",
        forwarded: 'Subject="CN=stranger.example.com";URI=;DNS=stranger.example.com',
      });
    });
    await rejects(ask(443, known));
    equal((await kept.send({ host })).status, 200);
  });
});
