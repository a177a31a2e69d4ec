import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import { type Backend, podOf, type RunningBackend } from "./backend.ts";

/** What an HTTP backend answers: who it is, and the request as it arrived. */
export interface Echo {
  readonly service: string;
  readonly pod: string;
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
}

/** Certificate chain and key in PEM, for an HTTPS backend. */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

/**
 * Answers every request with an {@link Echo} as JSON.
 *
 * `?status=N` answers with that status and `?delay=MS` waits before it answers, to try retries and timeouts.
 */
export async function startHttpEcho(
  backend: Backend,
  options: { readonly onRequest?: (echo: Echo) => void; readonly certificate?: ServerCertificate } = {},
): Promise<RunningBackend> {
  const listener: RequestListener = (request, response) => {
    request.resume();
    request.once("end", () => {
      const echo = echoOf(backend, request);
      options.onRequest?.(echo);
      answer(echo, response);
    });
  };
  // Longer than a proxy keeps an idle connection, so that it is never the backend that closes a reused one.
  const keepAlive = { keepAliveTimeout: 2 * 60 * 60 * 1000 };
  const server =
    backend.protocol === "https"
      ? createTlsServer({ ...options.certificate, ...keepAlive }, listener)
      : createServer(keepAlive, listener);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(backend.port, backend.host, resolve);
  });
  return {
    backend,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function echoOf(backend: Backend, request: IncomingMessage): Echo {
  const headers = Object.entries(request.headersDistinct).flatMap(([name, values = []]) => {
    const [first] = values;
    return first === undefined ? [] : [[name, values.length === 1 ? first : values] as const];
  });
  return {
    service: backend.service,
    pod: podOf(backend),
    method: request.method ?? "",
    path: request.url ?? "",
    host: request.headers.host ?? "",
    headers: Object.fromEntries(headers),
  };
}

function answer(echo: Echo, response: ServerResponse): void {
  const query = new URL(echo.path, "http://backend").searchParams;
  const body = `${JSON.stringify(echo)}\n`;
  const send = () =>
    response
      .writeHead(Number(query.get("status") ?? 200), {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
        "x-backend": echo.service,
      })
      .end(body);
  const delay = Number(query.get("delay") ?? 0);
  if (delay > 0) setTimeout(send, delay);
  else send();
}
