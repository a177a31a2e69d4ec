import { deepEqual, equal, ok } from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { Server } from "node:net";
import { describe, type TestContext, test } from "node:test";
import { freePort } from "../../harness/gatewright-process.ts";
import { Load } from "./load.ts";
import type { Protocol } from "./scenario.ts";

const host = { hostname: "host.example.com", path: "/some/path" };

async function portOf(t: TestContext, server: Server): Promise<number> {
  const port = await freePort();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return port;
}

/** What a server heard of requests, each once, and what the client counted. */
async function loaded(t: TestContext, protocol: Protocol, server: Server, requests: ReadonlySet<string>) {
  const load = await Load.open(protocol, await portOf(t, server), [host]);
  t.after(() => load.close());
  const closed = await load.send({ kind: "closed" }, 50);
  const fixed = await load.send({ kind: "fixed", rate: 400 }, 50);
  return { closed, fixed, requests: [...requests] };
}

function http1(status: number, requests: Set<string>): Server {
  return createServer(({ method, url, headers }, response) => {
    requests.add(`${method} ${headers.host}${url}`);
    response.writeHead(status, { "content-length": 2 }).end("ok");
  });
}

function http2(status: number, requests: Set<string>, trailers?: Readonly<Record<string, string>>): Server {
  const server = createHttp2Server();
  server.on("stream", (stream, headers) => {
    requests.add(`${headers[":method"]} ${headers[":authority"]}${headers[":path"]} ${headers["user-agent"]}`);
    stream.resume();
    stream.respond({ ":status": status }, { waitForTrailers: trailers !== undefined });
    stream.once("wantTrailers", () => stream.sendTrailers({ ...trailers }));
    stream.end("ok");
  });
  return server;
}

describe("a load counts", () => {
  for (const [protocol, server, request] of [
    ["HTTP/1.1", http1, "GET host.example.com/some/path"],
    ["HTTP/2", http2, "GET host.example.com/some/path gatewright-bench"],
  ] as const) {
    test(`answers of ${protocol}, of requests that are all the same`, async (t) => {
      const heard = new Set<string>();
      const { closed, fixed, requests } = await loaded(t, protocol, server(200, heard), heard);
      deepEqual(requests, [request]);
      ok(closed.succeeded > 0);
      equal(closed.failed + fixed.failed, 0);
      ok(fixed.succeeded > 0 && fixed.succeeded <= 20);
    });

    test(`answers of ${protocol} with another status as failed`, async (t) => {
      const { closed } = await loaded(t, protocol, server(503, new Set()), new Set());
      equal(closed.succeeded, 0);
      ok(closed.failed > 0);
    });
  }

  test("calls of gRPC that end with trailers", async (t) => {
    const heard = new Set<string>();
    const { closed, requests } = await loaded(t, "gRPC", http2(200, heard, { "grpc-status": "0" }), heard);
    deepEqual(requests, ["POST host.example.com/some/path gatewright-bench"]);
    ok(closed.succeeded > 0);
    equal(closed.failed, 0);
  });

  test("calls of gRPC without trailers as failed", async (t) => {
    const { closed } = await loaded(t, "gRPC", http2(200, new Set()), new Set());
    equal(closed.succeeded, 0);
  });
});
