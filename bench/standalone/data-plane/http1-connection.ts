import type { Socket } from "node:net";
import type { Answered, Connection } from "./connection.ts";
import type { RouteOf } from "./scenario.ts";

/** One request after the other, as bytes that are made once: a client that costs little beside what it measures. */
export function http1Connection(socket: Socket, { hostname, path }: RouteOf, answered: Answered): Connection {
  const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nUser-Agent: gatewright-bench\r\n\r\n`);
  const connection = { capacity: 1, send: () => socket.write(request), close: () => socket.destroy() };
  let rest = "";
  socket.on("data", (chunk: Buffer) => {
    const text = rest + chunk.toString("latin1");
    rest = text;
    const head = text.indexOf("\r\n\r\n");
    if (head < 0) return;
    const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1];
    if (length === undefined) throw new Error(`an answer without its length: ${text}`);
    if (text.length < head + 4 + Number(length)) return;
    rest = "";
    answered(connection, text.startsWith("HTTP/1.1 200 "));
  });
  return connection;
}
