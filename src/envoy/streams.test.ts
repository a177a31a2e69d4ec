import { deepEqual, equal, ok } from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { request } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import type { Duplex } from "node:stream";
import { after, before, describe, test } from "node:test";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { createAuthority } from "../../examples/seeds/certificate-authority.ts";
import type { Cluster, EndpointSet } from "../ir/cluster.ts";
import type { FilterChain, Listener } from "../ir/listener.ts";
import { backend, forward, httpListener, origin, PROXY, rule, table, to } from "./testing/ir.ts";
import { startProxy, type TestProxy } from "./testing/proxy.ts";

const servers: Server[] = [];
const datagrams = createSocket("udp4");
let proxy: TestProxy;
let authority: { readonly certificate: string };

/** A server that greets every connection with its name and ends it. */
async function greet(name: string, tls?: { readonly cert: string; readonly key: string }): Promise<number> {
  const server = tls ? createTlsServer(tls, (socket) => socket.end(name)) : createServer((socket) => socket.end(name));
  return listen(server);
}

async function listen(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return portOf(server);
}

function portOf(server: { address(): AddressInfo | string | null }): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

function streamListener(name: string, cluster?: string): Listener {
  const chain: FilterChain = {
    kind: "stream",
    name,
    serverNames: [],
    origins: [origin],
    ...(cluster !== undefined && { cluster }),
  };
  return httpListener(name, { chains: [chain] });
}

function datagramChain(cluster?: string): FilterChain {
  return {
    kind: "datagram",
    name: "udp",
    serverNames: [],
    origins: [origin],
    ...(cluster !== undefined && { cluster }),
  };
}

function weightedBackend(
  name: string,
  groups: readonly (readonly [weight: number, port: number])[],
): [Cluster, EndpointSet] {
  const [cluster, set] = backend(name, [], { protocol: "TCP" });
  const withWeights = groups.map(([weight, port]) => ({
    weight,
    endpoints: [{ address: "127.0.0.1", port, health: "healthy" as const }],
  }));
  return [cluster, { ...set, groups: withWeights }];
}

before(async () => {
  const ca = await createAuthority();
  authority = ca;
  const passedThrough = await ca.issue(["pass.test"]);
  const terminated = await ca.issue(["end.test"]);
  const a = await greet("a");
  const b = await greet("b");
  const secure = await greet("secure", passedThrough);
  // Speaks WebSocket's handshake, then echoes bytes.
  const upgrading = createServer((socket) => {
    socket.once("data", () => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n");
      socket.pipe(socket);
    });
  });
  const upgradingPort = await listen(upgrading);
  datagrams.on("message", (message, from) => datagrams.send(`echo ${String(message)}`, from.port, from.address));
  datagrams.bind(0, "127.0.0.1");
  await once(datagrams, "listening");
  proxy = await startProxy({
    backends: [
      backend("a", [a], { protocol: "TCP" }),
      backend("secure", [secure], { protocol: "TCP" }),
      weightedBackend("weighted", [
        [9, a],
        [1, b],
      ]),
      weightedBackend("zero", [
        [0, a],
        [1, b],
      ]),
      // Nobody listens on port 1: the next endpoint is tried.
      weightedBackend("half-dead", [
        [1, 1],
        [1, a],
      ]),
      backend("dns", [0], { protocol: "TCP", discovery: { kind: "dns", hostname: "localhost", port: a } }),
      backend("mixed", [0], {
        protocol: "TCP",
        discovery: {
          kind: "groups",
          groups: [
            { weight: 3, endpoints: [{ address: "localhost", port: a, health: "healthy" }] },
            { weight: 1, endpoints: [{ address: "127.0.0.1", port: b, health: "healthy" }] },
          ],
        },
      }),
      backend("datagrams", [portOf(datagrams)], { protocol: "UDP" }),
      backend("upgrading", [upgradingPort]),
      backend("https", [secure], { tls: { serverName: "pass.test" } }),
    ],
    certificates: [{ proxy: PROXY, name: "end", certificateChain: terminated.cert, privateKey: terminated.key }],
    listeners: [
      streamListener("plain", "a"),
      streamListener("closed"),
      streamListener("weighted", "weighted"),
      streamListener("zero", "zero"),
      streamListener("half-dead", "half-dead"),
      streamListener("dns", "dns"),
      streamListener("mixed", "mixed"),
      httpListener("tls", {
        chains: [
          { kind: "stream", name: "pass", serverNames: ["pass.test"], cluster: "secure", origins: [origin] },
          {
            kind: "stream",
            name: "end",
            serverNames: ["end.test"],
            cluster: "a",
            tls: { certificates: ["end"], alpn: [] },
            origins: [origin],
          },
        ],
      }),
      httpListener("udp", { transport: "UDP", chains: [datagramChain("datagrams")] }),
      httpListener("udp-none", { transport: "UDP", chains: [datagramChain()] }),
      httpListener("http"),
    ],
    tables: [table("*", [rule({ action: forward([to("upgrading")]) })], "http")],
  });
});

after(async () => {
  await proxy?.stop();
  for (const server of servers) server.close();
  datagrams.close();
});

/** Everything that comes on a connection until it ends. */
async function read(listener: string): Promise<string> {
  const socket = connect(proxy.port(listener), "127.0.0.1");
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text;
}

async function readTls(servername: string): Promise<string> {
  const socket = connectTls({ host: "127.0.0.1", port: proxy.port("tls"), servername, ca: authority.certificate });
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text;
}

describe("TCP", () => {
  test("bytes of a connection go to the cluster", async () => equal(await read("plain"), "a"));
  test("a chain without a cluster closes it", async () => equal(await read("closed"), ""));
  test("a name is resolved", async () => equal(await read("dns"), "a"));
  test("names among addresses get their share", async () => {
    const count = { a: 0, b: 0 };
    for (let i = 0; i < 40; i++) count[(await read("mixed")) === "a" ? "a" : "b"]++;
    // Weighted round robin is exact up to the order.
    deepEqual([count.a, count.b], [30, 10]);
  });
  test("an endpoint that refuses is passed over", async () => {
    for (let i = 0; i < 6; i++) equal(await read("half-dead"), "a");
  });
  test("groups get their shares", async () => {
    const count = { a: 0, b: 0 };
    for (let i = 0; i < 100; i++) count[(await read("weighted")) === "a" ? "a" : "b"]++;
    // Weighted round robin is exact up to the order.
    deepEqual([Math.round(count.a / 10), Math.round(count.b / 10)], [9, 1]);
  });
  test("a group of weight 0 gets nothing", async () => {
    for (let i = 0; i < 6; i++) equal(await read("zero"), "b");
  });
});

describe("TLS", () => {
  test("is passed through by server name", async () => equal(await readTls("pass.test"), "secure"));
  test("ends here by server name", async () => equal(await readTls("end.test"), "a"));
  test("of another name is closed", async () => {
    const failure = await readTls("other.test").catch((error: unknown) => error);
    ok(failure instanceof Error);
  });
});

async function exchange(listener: string, text: string): Promise<string> {
  const client = createSocket("udp4");
  try {
    client.connect(proxy.port(listener), "127.0.0.1");
    await once(client, "connect");
    client.send(text);
    const [answer]: Buffer[] = await once(client, "message");
    return String(answer);
  } finally {
    client.close();
  }
}

describe("UDP", () => {
  test("datagrams go to the cluster and answers come back", async () => equal(await exchange("udp", "x"), "echo x"));
  test("without a cluster they are dropped", async () => {
    const client = createSocket("udp4");
    client.on("message", () => ok(false, "nobody should answer"));
    client.connect(proxy.port("udp-none"), "127.0.0.1");
    await once(client, "connect");
    client.send("x");
    // What follows shows that Envoy went on working.
    equal(await exchange("udp", "y"), "echo y");
    client.close();
  });
});

describe("WebSocket", () => {
  test("over HTTP/1.1", async () => {
    const headers = { connection: "upgrade", upgrade: "websocket", host: "ws.test" };
    const asked = request({ host: "127.0.0.1", port: proxy.port("http"), headers });
    asked.end();
    const socket = await new Promise<Duplex>((resolve, reject) => {
      asked.on("upgrade", (_response, upgraded) => resolve(upgraded)).on("error", reject);
      asked.on("response", ({ statusCode }) => reject(new Error(`answered with ${statusCode}`)));
    });
    socket.write("hello");
    equal(String((await once(socket, "data"))[0]), "hello");
    socket.destroy();
  });

  test("over HTTP/2", async () => {
    const session = connectHttp2(`http://127.0.0.1:${proxy.port("http")}`);
    try {
      await once(session, "remoteSettings");
      const headers = {
        ":method": "CONNECT",
        ":protocol": "websocket",
        ":authority": "ws.test",
        ":path": "/",
        ":scheme": "http",
      };
      const stream = session.request(headers, { endStream: false });
      const [received]: { readonly ":status"?: number }[] = await once(stream, "response");
      equal(received?.[":status"], 200);
      stream.write("hello");
      equal(String((await once(stream, "data"))[0]), "hello");
    } finally {
      session.destroy();
    }
  });
});
