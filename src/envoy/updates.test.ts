import { deepEqual, equal } from "node:assert/strict";
import { once } from "node:events";
import { Agent } from "node:http";
import { createServer } from "node:https";
import { after, afterEach, before, describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { createAuthority } from "../../examples/seeds/certificate-authority.ts";
import { type ServedEnvoy, serve } from "../xds/testing/served-envoy.ts";
import { startBackend, type TestBackend } from "./testing/backend.ts";
import { backend, forward, httpListener, origin, PROXY, prefix, rule, table, to } from "./testing/ir.ts";
import { ask } from "./testing/request.ts";
import { World } from "./testing/world.ts";

/** What changes in a running Envoy, over xDS, and what must not. */
const world = new World();
const backends: TestBackend[] = [];
let served: ServedEnvoy;

before(async () => {
  for (const name of ["one", "two"]) backends.push(await startBackend(name));
  world.set({
    listeners: [httpListener()],
    tables: [table("*", [rule({ action: forward([to("one")]) })])],
    backends: backends.map(({ name, port }) => backend(name, [port])),
  });
  // A listener that goes is gone after a second, not after ten minutes.
  served = await serve(world, {}, ["--drain-time-s", "1"]);
  await settled();
});

after(async () => {
  await served?.stop();
  await Promise.all(backends.map((one) => one.stop()));
});

const agents: Agent[] = [];
afterEach(() => {
  for (const agent of agents.splice(0)) agent.destroy();
});

async function settled(): Promise<void> {
  await served.server.delivery.whenSettled(PROXY);
}

async function change(changed: Parameters<World["set"]>[0]): Promise<void> {
  world.set(changed);
  await settled();
}

async function listenerChanges(): Promise<number> {
  const stats = await served.envoy.admin.stats(
    "listener_manager\\.listener_(added|modified|removed|in_place_updated)$",
  );
  return [...stats.values()].reduce((sum, value) => sum + value, 0);
}

async function draining(): Promise<number> {
  const stats = await served.envoy.admin.stats("listener_manager\\.total_listeners_draining$");
  return [...stats.values()].reduce((sum, value) => sum + value, 0);
}

/** Which backend answers, or which status it is, on one connection that is kept. */
async function keptConnection(listener = "http-80") {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  agents.push(agent);
  const port = await served.port(listener);
  const sockets = new Set<unknown>();
  return {
    connections: () => sockets.size,
    get: async (host: string, path = "/"): Promise<string | number> => {
      const { status, seen } = await ask(port, { host, path, agent, onSocket: (socket) => sockets.add(socket) });
      return seen?.backend ?? status;
    },
  };
}

describe("a route that changes", () => {
  test("touches no listener and no connection", async () => {
    const changesBefore = await listenerChanges();
    const { get, connections } = await keptConnection();
    equal(await get("a.example.com"), "one");

    await change({ tables: [table("a.example.com", [rule({ match: prefix("/x"), action: forward([to("two")]) })])] });
    deepEqual([await get("a.example.com", "/x"), await get("a.example.com")], ["two", 404]);

    await change({ tables: [table("*.example.com", [rule({ action: forward([to("two")]) })])] });
    deepEqual([await get("b.example.com"), await get("c.org")], ["two", "one"]);

    await change({ removedTables: [table("*.example.com", [])] });
    deepEqual([await get("b.example.com"), await get("a.example.com")], ["one", 404]);

    await change({ removedTables: [table("a.example.com", [])] });
    equal(await get("a.example.com"), "one");

    equal(connections(), 1);
    equal((await listenerChanges()) - changesBefore, 0);
  });
});

describe("a certificate that is rotated", () => {
  test("touches no listener, and the next connection gets the new one", async () => {
    const authorities = [await createAuthority(), await createAuthority()];
    const certificates = await Promise.all(authorities.map((authority) => authority.issue(["tls.test"])));
    const [first, second] = certificates.map(({ cert, key }) => ({
      proxy: PROXY,
      name: "cert",
      certificateChain: cert,
      privateKey: key,
    }));
    const chain = { kind: "http" as const, name: "https-443", serverNames: ["tls.test"], origins: [origin] };
    const tls = { certificates: ["cert"], alpn: ["http/1.1"] };
    await change({
      certificates: first ? [first] : [],
      listeners: [httpListener("https-443", { chains: [{ ...chain, tls }] })],
      tables: [table("*", [rule({ action: forward([to("one")]) })], "https-443")],
    });
    const changesBefore = await listenerChanges();
    const port = await served.port("https-443");
    const trusting = (index: number) => ({ serverName: "tls.test", authority: authorities[index]?.certificate ?? "" });
    equal((await ask(port, { tls: trusting(0) })).status, 200);
    await change({ certificates: second ? [second] : [] });
    equal((await ask(port, { tls: trusting(1) })).status, 200);
    equal((await listenerChanges()) - changesBefore, 0);
    await change({ removedListeners: ["https-443"], removedTables: [table("*", [], "https-443")] });
  });
});

describe("a route to a backend in TLS", () => {
  test("moves when the backend's authorities have come, and loses no request, nor when what is asked of it changes", async (t) => {
    const authority = await createAuthority();
    const tlsBackend = createServer(await authority.issue(["tls.test", "other.test"]), (_, response) => response.end());
    tlsBackend.listen(0, "127.0.0.1");
    await once(tlsBackend, "listening");
    t.after(() => tlsBackend.close().closeAllConnections());
    const address = tlsBackend.address();
    const backendPort = typeof address === "object" && address !== null ? address.port : 0;
    const listenerPort = await served.port("http-80");
    const moved = new AbortController();
    const statuses = new Map<number, number>();
    const client = async () => {
      while (!moved.signal.aborted) {
        const { status } = await ask(listenerPort, { host: "moving.example.com" });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    await change({ tables: [table("moving.example.com", [rule({ action: forward([to("one")]) })])] });
    const clients = Promise.all([client(), client(), client(), client()]);
    const verified = (name: string, trust: string, serverName: string) => {
      const subjectAltNames = [{ type: "Hostname" as const, value: serverName }];
      return backend(name, [backendPort], { tls: { serverName, verification: { trust, subjectAltNames } } });
    };
    for (let index = 0; index < 10; index += 1) {
      const name = `tls-${index}`;
      await change({
        backends: [verified(name, `trust-${index}`, "tls.test")],
        trustBundles: [{ proxy: PROXY, name: `trust-${index}`, certificates: authority.certificate }],
        tables: [table("moving.example.com", [rule({ action: forward([to(name)]) })])],
      });
    }
    for (let index = 0; index < 10; index += 1) {
      await change({ backends: [verified("tls-9", `trust-${index}`, index % 2 === 0 ? "other.test" : "tls.test")] });
    }
    moved.abort();
    await clients;
    deepEqual([...statuses.keys()], [200]);
    await change({ removedTables: [table("moving.example.com", [])] });
  });
});

describe("the last HTTP listener", () => {
  test("goes, and one that comes later serves at once", async () => {
    await change({ removedListeners: ["http-80"], removedTables: [table("*", [])] });
    while ((await draining()) > 0) await setTimeout(50);
    await change({
      listeners: [httpListener("http-81")],
      tables: [table("*", [rule({ action: forward([to("two")]) })], "http-81")],
    });
    equal((await ask(await served.port("http-81"))).seen?.backend, "two");
  });
});
