import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { createServer as createHttp2Server } from "node:http2";

/** What a backend saw of a request. */
export interface Seen {
  readonly backend: string;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

export interface TestBackend {
  readonly name: string;
  readonly port: number;
  /** Requests so far. */
  readonly seen: readonly Seen[];
  /** Resolves once this many requests have come. */
  requests(count: number): Promise<void>;
  stop(): Promise<void>;
}

/**
 * A backend that answers every request with what it saw of it, in JSON. `x-answer: 503` asks for that status, `x-grpc-status: 5` for that of gRPC;
 * `x-answer-once: KEY` only for the first request with that key; `x-silence` for no answer at all.
 */
export async function startBackend(name: string, protocol: "HTTP/1.1" | "HTTP/2" = "HTTP/1.1"): Promise<TestBackend> {
  const seen: Seen[] = [];
  const keys = new Set<unknown>();
  const waiting = new Set<() => void>();
  const server = protocol === "HTTP/2" ? createHttp2Server() : createServer();
  server.on("request", (request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse) => {
    const { method = "", url = "", headers } = request;
    const one = { backend: name, method, path: url, headers };
    seen.push(one);
    for (const look of waiting) look();
    if (headers["x-silence"] !== undefined) return;
    const key = headers["x-answer-once"];
    const again = key !== undefined && keys.has(key);
    keys.add(key);
    const status = Number(headers["x-answer"] ?? 200);
    const grpc = headers["x-grpc-status"];
    response.writeHead(again ? 200 : status, {
      "content-type": grpc === undefined ? "application/json" : "application/grpc",
      server: "backend",
      ...(grpc !== undefined && { "grpc-status": grpc }),
    });
    response.end(JSON.stringify(one));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the backend has no port");
  return {
    name,
    port: address.port,
    seen,
    requests: (count) =>
      new Promise((resolve) => {
        const look = () => {
          if (seen.length < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    async stop() {
      if ("closeAllConnections" in server) server.closeAllConnections();
      server.close();
      await once(server, "close").catch(() => {});
    },
  };
}
