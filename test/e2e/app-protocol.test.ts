import { deepEqual, equal, match } from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { createServer as createTlsServer } from "node:https";
import type { Server as NetServer } from "node:net";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createAuthority } from "../../examples/seeds/certificate-authority.ts";
import { temporaryFolder } from "./harness/example.ts";
import { startGateway } from "./harness/gateway.ts";
import { httpClient } from "./harness/http-client.ts";
import { gatewayClass, gateway as gatewayOf, type Resource, resourceFolder } from "./harness/resources.ts";
import { assertRoute } from "./harness/status.ts";

const apiVersion = "gateway.networking.k8s.io/v1";

/** Says which protocol and which backend it is; upgraded, it sends back every byte. */
function answering(name: string, t: TestContext, server: Server | NetServer): Promise<number> {
  server.on("request", (message: IncomingMessage, response: ServerResponse) => {
    response.setHeader("content-type", message.headers["content-type"] ?? "text/plain");
    response.end(`${name} ${message.httpVersion}`);
  });
  server.on("upgrade", (_message: IncomingMessage, socket: Duplex) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n");
    socket.pipe(socket).on("error", () => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  t.after(() => server.close());
  return once(server, "listening").then(() => {
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the backend has no port");
    return address.port;
  });
}

async function stage(t: TestContext) {
  const pair = await (await createAuthority()).issue(["backend.example.com"]);
  const [plain, h2c, tls] = await Promise.all([
    answering("plain", t, createServer()),
    answering("h2c", t, createHttp2Server()),
    answering("tls", t, createTlsServer(pair)),
  ]);
  const ports = [
    { name: "none", port: 1, endpoint: plain },
    { name: "h2c", port: 2, appProtocol: "kubernetes.io/h2c", endpoint: h2c },
    { name: "ws", port: 3, appProtocol: "kubernetes.io/ws", endpoint: plain },
    { name: "wss", port: 4, appProtocol: "kubernetes.io/wss", endpoint: tls },
    { name: "https", port: 5, appProtocol: "HTTPS", endpoint: tls },
    { name: "grpc", port: 6, appProtocol: "kubernetes.io/grpc", endpoint: h2c },
    { name: "unknown", port: 7, appProtocol: "kubernetes.io/unknown", endpoint: plain },
  ];
  const path = await temporaryFolder(t);
  const folder = await resourceFolder(path);
  const backendRefs = (port: number) => [{ name: "backend", port }];
  const route = (kind: string, name: string, hostname: string, rules: readonly Resource[]): Resource => {
    const spec = { parentRefs: [{ name: "edge" }], hostnames: [hostname], rules };
    return { apiVersion, kind, metadata: { name }, spec };
  };
  await folder.write(
    "all.yaml",
    gatewayClass(),
    gatewayOf("edge", [{ name: "http", port: 80, protocol: "HTTP" }]),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: {
        name: "backend",
        annotations: {
          "gatewright.dev/endpoints": ports.map(({ name, endpoint }) => `${name}=127.0.0.1:${endpoint}`).join(", "),
        },
      },
      spec: { ports: ports.map(({ endpoint: _endpoint, ...port }) => port) },
    },
    route(
      "HTTPRoute",
      "web",
      "web.example.com",
      ports.map(({ name, port }) => ({
        matches: [{ path: { value: `/${name}` } }],
        timeouts: { request: "500ms" },
        backendRefs: backendRefs(port),
      })),
    ),
    route("GRPCRoute", "grpc", "grpc.example.com", [{ backendRefs: backendRefs(6) }]),
    route("GRPCRoute", "grpc-ws", "grpc-ws.example.com", [{ backendRefs: backendRefs(3) }]),
  );
  const gateway = await startGateway(t, [path], [80]);
  const client = httpClient(gateway.port(80));
  t.after(() => client.close());
  return { gateway, client, names: ports.map(({ name }) => name) };
}

test("appProtocol", async (t) => {
  const { gateway, client, names } = await stage(t);

  await t.test("decides what is spoken to a backend; one that is not known gets nothing", async () => {
    const answers = await Promise.all(
      names.map(async (name) => {
        const { status, body } = await client.send({ host: "web.example.com", path: `/${name}` });
        return [name, status === 200 ? body : status] as const;
      }),
    );
    deepEqual(Object.fromEntries(answers), {
      none: "plain 1.1",
      h2c: "h2c 2.0",
      ws: "plain 1.1",
      wss: "tls 1.1",
      https: "tls 1.1",
      grpc: "h2c 2.0",
      unknown: 500,
    });
  });

  for (const name of ["none", "ws", "wss"]) {
    await t.test(`a WebSocket to ${name} outlives the request timeout`, async () => {
      const headers = { connection: "upgrade", upgrade: "websocket", host: "web.example.com" };
      const asked = request({ host: "127.0.0.1", port: gateway.port(80), path: `/${name}`, headers });
      asked.end();
      const socket = await new Promise<Duplex>((resolve, reject) => {
        asked.on("upgrade", (_response, upgraded) => resolve(upgraded)).on("error", reject);
      });
      // Nothing happens at the end of a timeout that does not apply, so there is nothing else to wait for.
      await delay(700);
      socket.write("hello");
      const [data]: Buffer[] = await once(socket, "data");
      equal(String(data), "hello");
      socket.destroy();
    });
  }

  await t.test("of a GRPCRoute's backend", async () => {
    const session = connectHttp2(`http://127.0.0.1:${gateway.port(80)}`);
    const ask = async (authority: string) => {
      const method = { ":method": "POST", ":path": "/echo.Echo/Say", "content-type": "application/grpc" };
      const stream = session.request({ ...method, ":authority": authority });
      stream.end();
      const [headers]: Record<string, unknown>[] = await once(stream, "response");
      return headers?.["grpc-status"] ?? (await text(stream));
    };
    equal(await ask("grpc.example.com"), "h2c 2.0");
    equal(await ask("grpc-ws.example.com"), "14");
    session.close();
  });

  await t.test("status", async () => {
    for (const [kind, name] of [
      ["httproute", "web"],
      ["grpcroute", "grpc-ws"],
    ] as const) {
      const conditions = await assertRoute(gateway, kind, name, "default", { ResolvedRefs: "False" });
      const { reason, message } = conditions.find(({ type }) => type === "ResolvedRefs") ?? { reason: "", message: "" };
      equal(reason, "UnsupportedProtocol");
      match(message, /kubernetes.io\/(unknown|ws) \(appProtocol\)/);
    }
    await assertRoute(gateway, "grpcroute", "grpc", "default");
  });
});
