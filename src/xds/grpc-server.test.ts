import { equal } from "node:assert/strict";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import { GrpcServer } from "./grpc-server.ts";

async function serve(t: TestContext, timeoutMs: number): Promise<number> {
  const server = new GrpcServer({
    path: "/service/method",
    keepalive: { everyMs: 20, timeoutMs },
    serve: () => undefined,
  });
  t.after(() => server.close());
  return await server.listen({ host: "127.0.0.1", port: 0 });
}

test("a client that answers no ping is gone", async (t) => {
  const port = await serve(t, 50);
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  // A preface, an empty SETTINGS frame, and nothing more.
  socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
  socket.resume();
  await once(socket, "close");
});

test("one whose answer is heard late, because we were busy, stays", async (t) => {
  const port = await serve(t, 100);
  const client = connectHttp2(`http://127.0.0.1:${port}`);
  t.after(() => client.destroy());
  let isClosed = false;
  client.on("close", () => {
    isClosed = true;
  });
  await once(client, "connect");
  let pings = 0;
  const stalled = new Promise<void>((resolve) => {
    client.on("ping", () => {
      pings += 1;
      // As long as several timeouts, while further pings and their answers are under way.
      if (pings <= 3) stall(300);
      if (pings === 6) resolve();
    });
  });
  await Promise.race([stalled, once(client, "close")]);
  equal(isClosed, false);
});

test("a connection has a few streams, as many as Envoy needs", async (t) => {
  const client = connectHttp2(`http://127.0.0.1:${await serve(t, 1_000)}`);
  t.after(() => client.destroy());
  const [settings] = await once(client, "remoteSettings");
  equal(settings.maxConcurrentStreams, 4);
});

function stall(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}
