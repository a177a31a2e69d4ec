import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect, createServer, type Server, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { TLSSocket } from "node:tls";
import { createAuthority } from "../../examples/seeds/certificate-authority.ts";
import type { ClusterAccess, Credential } from "./access.ts";
import { KubernetesClient } from "./client.ts";
import { type Exchange, Transport } from "./transport.ts";

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

function access(server: string, rest: Partial<ClusterAccess> = {}): ClusterAccess {
  return {
    server,
    namespace: "default",
    origin: "a test",
    insecure: false,
    credential: async () => ({ headers: {} }),
    refused: () => {},
    ...rest,
  };
}

describe("connections over TLS", async () => {
  const authority = await createAuthority();
  const [serving, ann, bob] = await Promise.all(
    ["kubernetes.default.svc", "ann", "bob"].map((name) => authority.issue([name])),
  );
  // Answers with the name in the client's certificate.
  const server = createTlsServer(
    { ...serving, ca: authority.certificate, requestCert: true, rejectUnauthorized: false },
    ({ socket }, response) => {
      const name = socket instanceof TLSSocket ? socket.getPeerCertificate().subject?.CN : undefined;
      response.end(JSON.stringify({ name: name ?? "nobody" }));
    },
  );
  let connections = 0;
  server.on("secureConnection", () => {
    connections += 1;
  });
  let url: string;
  before(async () => {
    url = `https://127.0.0.1:${await listen(server)}`;
  });
  after(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  });

  test("a renewed client certificate is used from the next request on; connections are kept until then", async () => {
    let credential: Credential = { headers: {}, ca: authority.certificate, ...ann };
    const client = new KubernetesClient(
      access(url, { serverName: "kubernetes.default.svc", credential: async () => credential }),
    );
    deepEqual(await client.read("/"), { name: "ann" });
    deepEqual(await client.read("/"), { name: "ann" });
    equal(connections, 1);
    credential = { ...credential, ...bob };
    deepEqual(await client.read("/"), { name: "bob" });
    client.close();
  });

  test("a server that can't prove its name is refused, unless nobody asks for it", async () => {
    const credential = async () => ({ headers: {}, ca: authority.certificate });
    const wrong = new KubernetesClient(access(url, { credential, serverName: "another.name" }));
    await rejects(wrong.read("/"), { reason: "Unreachable", message: /another\.name/ });
    const unknown = new KubernetesClient(access(url, { serverName: "kubernetes.default.svc" }));
    await rejects(unknown.read("/"), { reason: "Unreachable" });
    const insecure = new KubernetesClient(access(url, { insecure: true }));
    deepEqual(await insecure.read("/"), { name: "nobody" });
    for (const client of [wrong, unknown, insecure]) client.close();
  });

  test("through a proxy that the kubeconfig names", async (t) => {
    const asked: string[] = [];
    const sockets = new Set<Socket>();
    const proxy = createHttpServer();
    proxy.on("connect", (request, socket: Socket) => {
      asked.push(request.url ?? "");
      const upstream = connect(Number(new URL(url).port), "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        upstream.pipe(socket).pipe(upstream);
      });
      for (const each of [socket, upstream]) {
        sockets.add(each);
        each.on("error", () => {});
      }
    });
    t.after(async () => {
      client.close();
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await once(proxy, "close");
    });
    const proxyUrl = `http://127.0.0.1:${await listen(proxy)}`;
    const credential = async () => ({ headers: {}, ca: authority.certificate, ...ann });
    const far = url.replace("127.0.0.1", "api.example.com");
    const client = new KubernetesClient(access(far, { proxyUrl, credential, serverName: "kubernetes.default.svc" }));
    deepEqual(await client.read("/"), { name: "ann" });
    deepEqual(asked, [new URL(far).host]);
  });
});

describe("silence and idle connections", () => {
  const exchange: Exchange = { method: "GET", path: "/", headers: {}, idleMs: 30 };

  test("a server that takes a request and says nothing, or stops in the middle of an answer", async () => {
    const server = createHttpServer((request, response) => {
      if (request.url === "/half") response.write("half");
    });
    const transport = new Transport(access(`http://127.0.0.1:${await listen(server)}`));
    await rejects(transport.exchange(exchange), { reason: "Unreachable", message: /nothing came for 0\.03 s/ });
    const response = await transport.exchange({ ...exchange, path: "/half" });
    await rejects(
      async () => {
        for await (const chunk of response) equal(String(chunk), "half");
      },
      { reason: "Unreachable", message: /nothing came for/ },
    );
    transport.close();
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });

  test("a kept connection that the server ended meanwhile is replaced, and nobody notices", async () => {
    let answered = 0;
    // Answers one request on each connection, and hangs up when it gets a second one.
    const server = createServer((socket) => {
      let asked = 0;
      socket.on("error", () => {});
      socket.on("data", () => {
        if (asked++ > 0) socket.resetAndDestroy();
        else {
          answered += 1;
          socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
        }
      });
    });
    const client = new KubernetesClient(access(`http://127.0.0.1:${await listen(server)}`));
    deepEqual(await client.read("/"), {});
    deepEqual(await client.read("/"), {});
    equal(answered, 2);
    // It may have been done: whoever asked has to find out.
    const resource = { group: "", version: "v1", kind: "Pod", plural: "pods", namespaced: true };
    await rejects(
      client.create(resource, { apiVersion: "v1", kind: "Pod", metadata: { namespace: "n", name: "p" } }),
      (error) => {
        match(String(error), /can't be reached/);
        return true;
      },
    );
    client.close();
    server.close();
    await once(server, "close");
  });
});
