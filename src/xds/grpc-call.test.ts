import { equal, ok } from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { connect } from "node:http2";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { GrpcCall } from "./grpc-call.ts";
import { GrpcServer } from "./grpc-server.ts";

const path = "/service/method";
const shared = Buffer.alloc(8 << 20, 7);
const own = Buffer.from("end");

test("a client that reads slowly is given a chunk at a time, and in the end all of it", async (t) => {
  const events = new EventEmitter<{ call: [GrpcCall]; drained: [] }>();
  const server = new GrpcServer({
    path,
    serve: (call) =>
      call.handle({
        readable: () => {
          call.read();
          events.emit("call", call);
        },
        message: () => undefined,
        drained: () => events.emit("drained"),
        ended: () => undefined,
      }),
  });
  t.after(() => server.close());
  const client = connect(`http://127.0.0.1:${await server.listen({ host: "127.0.0.1", port: 0 })}`);
  t.after(() => client.destroy());
  const stream = client.request({ ":method": "POST", ":path": path, "content-type": "application/grpc" });
  const came = once(events, "call");
  stream.write(Buffer.alloc(5));
  const [call] = await came;
  const drained = once(events, "drained");
  equal(call.write([shared, own]), false);
  equal(await Promise.race([drained, wait(50, "waits")]), "waits");
  const chunks: Buffer[] = [];
  let received = 0;
  stream.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    received += chunk.length;
  });
  await drained;
  while (received < 5 + shared.length + own.length) await wait(5);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(shared.length + own.length, 1);
  ok(Buffer.concat(chunks).equals(Buffer.concat([head, shared, own])));
});
