import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { Agent, createServer, get, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer } from "node:net";
import { before, describe, type TestContext, test } from "node:test";
import { countActivity, readActivity } from "./drain.ts";
import { EnvoyProcess, type EnvoyProcessOptions } from "./envoy-process.ts";
import { eventually, hold } from "./fixtures/processes.ts";
import { silent } from "./logger.ts";
import { resolveEnvoy } from "./resolve-envoy.ts";

const timeout = 30_000;
const host = "127.0.0.1";
let binary = "";
before(async () => {
  binary = (await resolveEnvoy()).path;
});

/** A backend that answers only when it is told to. */
async function heldBackend(t: TestContext): Promise<{ port: number; asked: Promise<unknown>; answer: () => void }> {
  const events = new EventEmitter();
  const asked = once(events, "asked");
  const go = once(events, "go");
  const server = createServer((_request, response) => {
    events.emit("asked");
    void go.then(() => response.end("late"));
  });
  return { port: await listen(t, server), asked, answer: () => events.emit("go") };
}

async function listen(t: TestContext, server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, host, resolve);
  });
  t.after(() => {
    server.close();
    if ("closeAllConnections" in server) server.closeAllConnections();
  });
  return portOf(server.address());
}

function portOf(address: string | AddressInfo | null): number {
  ok(typeof address === "object" && address !== null);
  return address.port;
}

const socket = (port: number) => ({ socket_address: { address: host, port_value: port } });
const type = (name: string) => `type.googleapis.com/envoy.extensions.filters.${name}`;

/** One listener, `http` or `tcp`, on a free port, in front of one backend. */
function bootstrap(kind: "http" | "tcp", backend: number): { readonly json: string } {
  const router = { name: "router", typed_config: { "@type": type("http.router.v3.Router") } };
  const virtualHost = {
    name: "all",
    domains: ["*"],
    routes: [{ match: { prefix: "/" }, route: { cluster: "backend" } }],
  };
  const http = {
    "@type": type("network.http_connection_manager.v3.HttpConnectionManager"),
    stat_prefix: "edge.a",
    http_filters: [router],
    route_config: { virtual_hosts: [virtualHost] },
  };
  const tcp = { "@type": type("network.tcp_proxy.v3.TcpProxy"), stat_prefix: "edge", cluster: "backend" };
  const filters = [{ name: "only", typed_config: kind === "http" ? http : tcp }];
  const endpoints = [{ lb_endpoints: [{ endpoint: { address: socket(backend) } }] }];
  return {
    json: JSON.stringify({
      static_resources: {
        listeners: [{ name: "edge", address: socket(0), filter_chains: [{ filters }] }],
        clusters: [{ name: "backend", type: "STATIC", load_assignment: { cluster_name: "backend", endpoints } }],
      },
    }),
  };
}

async function serve(
  t: TestContext,
  kind: "http" | "tcp",
  backend: number,
  options: Partial<EnvoyProcessOptions> = {},
): Promise<{ envoy: EnvoyProcess; port: number }> {
  const envoy = await EnvoyProcess.start({
    envoy: binary,
    bootstrap: bootstrap(kind, backend),
    logger: silent,
    concurrency: 1,
    stdout: "ignore",
    ...options,
  });
  t.after(() => envoy.kill());
  await envoy.when(({ state }) => state === "live");
  const port = /"port_value":\s*(\d+)/.exec((await envoy.admin.get("/listeners?format=json")).body)?.[1];
  return { envoy, port: Number(port) };
}

function ask(port: number, agent: Agent | false = false): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get({ host, port, agent }, (response) => {
      response.resume();
      response.on("end", () => resolve(response));
      response.on("error", reject);
    }).on("error", reject);
  });
}

function refused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ host, port });
    probe.on("error", () => resolve(true));
    probe.on("connect", () => {
      probe.destroy();
      resolve(false);
    });
  });
}

describe("drain", { timeout }, () => {
  test("a request in flight is answered, and asks its client to leave; nobody else gets in", async (t) => {
    const backend = await heldBackend(t);
    const { envoy, port } = await serve(t, "http", backend.port);
    const answer = ask(port, new Agent({ keepAlive: true }));
    await backend.asked;
    deepEqual(await readActivity(envoy.admin), { connections: 1, requests: 1, streams: 0, arrivals: 1 });

    const stopped = envoy.stop();
    await eventually(() => refused(port));
    equal(envoy.state.state, "draining");
    backend.answer();
    const response = await answer;
    equal(response.statusCode, 200);
    equal(response.headers.connection, "close");
    deepEqual(await stopped, { complete: true, connections: 0, requests: 0 });
  });

  test("idle keep-alive connections don't use up the time", async (t) => {
    const backend = await heldBackend(t);
    backend.answer();
    // Never reached: the test's own timeout is shorter.
    const { envoy, port } = await serve(t, "http", backend.port, { drain: { drainMs: 60_000 } });
    const agent = new Agent({ keepAlive: true });
    t.after(() => agent.destroy());
    await ask(port, agent);
    deepEqual(await envoy.stop(), { complete: true, connections: 1, requests: 0 });
  });

  test("a request that outlasts the time is cut, and told of", async (t) => {
    const backend = await heldBackend(t);
    const { envoy, port } = await serve(t, "http", backend.port, { drain: { drainMs: 200 } });
    const cut = rejects(ask(port));
    await backend.asked;
    deepEqual(await envoy.stop(), { complete: false, connections: 1, requests: 1 });
    await cut;
  });

  test("an open TCP connection is in flight, however quiet", async (t) => {
    const accepted = createTcpServer((connection) => connection.on("error", () => {}));
    const { envoy, port } = await serve(t, "tcp", await listen(t, accepted), { drain: { drainMs: 1_500 } });
    const { closed } = await hold({ host, port });
    await eventually(async () => (await readActivity(envoy.admin)).streams === 1);
    deepEqual(await envoy.stop(), { complete: false, connections: 1, requests: 0 });
    await closed;
  });

  test("lame duck: unhealthy, and still accepting", async (t) => {
    const backend = await heldBackend(t);
    backend.answer();
    const { envoy, port } = await serve(t, "http", backend.port, { drain: { lameDuckMs: 60_000 } });
    const stopped = envoy.stop();
    await eventually(async () => (await envoy.admin.readiness()) === "DRAINING");
    const response = await ask(port, new Agent({ keepAlive: true }));
    equal(response.statusCode, 200);
    equal(response.headers.connection, "close");
    await envoy.kill();
    equal(await stopped, undefined);
  });

  test("killed while it drains: it ends at once", async (t) => {
    const backend = await heldBackend(t);
    const { envoy, port } = await serve(t, "http", backend.port, { drain: { drainMs: 60_000 } });
    const cut = rejects(ask(port));
    await backend.asked;
    void envoy.stop();
    await eventually(() => refused(port));
    await envoy.kill();
    equal(envoy.state.state, "stopped");
    await cut;
  });
});

test("activity leaves the admin interface out, and each worker's share", () => {
  const stats = new Map([
    ["listener.127.0.0.1_80.downstream_cx_active", 5],
    ["listener.127.0.0.1_80.worker_0.downstream_cx_active", 5],
    ["listener.admin.downstream_cx_active", 1],
    ["http.edge.a.downstream_cx_active", 3],
    ["http.edge.a.downstream_rq_active", 2],
    ["http.edge.a.downstream_rq_total", 40],
    ["http.admin.downstream_rq_active", 1],
    ["udp.dns.downstream_sess_active", 4],
    ["udp.dns.downstream_sess_rx_datagrams", 7],
  ]);
  deepEqual(countActivity(stats), { connections: 9, requests: 2, streams: 2, arrivals: 47 });
});
