/** The backends, in a thread of their own; `backends.ts` starts it. */
import { createServer, type Server } from "node:http";
import type { Duplex } from "node:stream";
import { parentPort } from "node:worker_threads";
import { ADDED_HEADER } from "./answers.ts";
import type { BackendMessage, BackendReport } from "./backends.ts";

const servers = new Map<string, Server>();

function start(name: string, host: string, port: number): void {
  const server = createServer({ keepAliveTimeout: 2 * 60 * 60 * 1000 }, (request, response) => {
    request.resume();
    const added = request.headers[ADDED_HEADER];
    if (added !== undefined) response.setHeader(ADDED_HEADER, added);
    response.setHeader("content-length", name.length);
    response.end(name);
  });
  // Upgraded, it sends back every byte.
  server.on("upgrade", (_request, socket: Duplex) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n");
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  servers.set(name, server);
  server.listen(port, host, () => tell({ name, state: "listening" }));
}

function tell(report: BackendReport): void {
  parentPort?.postMessage(report);
}

parentPort?.on("message", (message: BackendMessage) => {
  if (message.kind === "start") start(message.name, message.host, message.port);
  // As a server ends that gets SIGTERM: what is under way ends, idle connections are closed, and nothing new is accepted.
  else servers.get(message.name)?.close(() => tell({ name: message.name, state: "closed" }));
});
