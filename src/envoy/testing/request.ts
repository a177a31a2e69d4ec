import { once } from "node:events";
import { type Agent, request as http1, type IncomingHttpHeaders } from "node:http";
import { connect } from "node:http2";
import { request as https1 } from "node:https";
import type { Seen } from "./backend.ts";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** What the backend saw, where a backend answered. */
  readonly seen: Seen | undefined;
}

export interface Ask {
  readonly host?: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
  /** Present: over TLS with this server name, trusting this authority. */
  readonly tls?: { readonly serverName: string; readonly authority: string };
  readonly protocol?: "HTTP/1.1" | "HTTP/2";
  /** HTTP/1.1: whose connections to use; without it, one of its own. */
  readonly agent?: Agent;
  /** HTTP/1.1: told of the connection that is used. */
  readonly onSocket?: (socket: object) => void;
}

/** One request, on a connection of its own unless an agent is given. */
export function ask(port: number, options: Ask = {}): Promise<Answer> {
  return options.protocol === "HTTP/2" ? askHttp2(port, options) : askHttp1(port, options);
}

async function askHttp1(port: number, options: Ask): Promise<Answer> {
  const { host = "a.example.com", path = "/", method = "GET", headers = {}, tls, agent = false } = options;
  const close = agent === false ? { connection: "close" } : {};
  const common = { host: "127.0.0.1", port, path, method, headers: { host, ...close, ...headers } };
  const request = tls
    ? https1({ ...common, servername: tls.serverName, ca: tls.authority, agent: false })
    : http1({ ...common, agent });
  if (options.onSocket !== undefined) request.on("socket", options.onSocket);
  request.end(options.body);
  const [response]: import("node:http").IncomingMessage[] = await once(request, "response");
  if (response === undefined) throw new Error("no response");
  let body = "";
  for await (const chunk of response) body += String(chunk);
  return answer(response.statusCode ?? 0, response.headers, body);
}

async function askHttp2(port: number, options: Ask): Promise<Answer> {
  const { host = "a.example.com", path = "/", method = "GET", headers = {}, tls } = options;
  const session = tls
    ? connect(`https://127.0.0.1:${port}`, { servername: tls.serverName, ca: tls.authority, ALPNProtocols: ["h2"] })
    : connect(`http://127.0.0.1:${port}`);
  try {
    const stream = session.request({ ":authority": host, ":path": path, ":method": method, ...headers });
    stream.end(options.body);
    const [received]: (IncomingHttpHeaders & { ":status"?: number })[] = await once(stream, "response");
    let body = "";
    for await (const chunk of stream) body += String(chunk);
    return answer(received?.[":status"] ?? 0, received ?? {}, body);
  } finally {
    session.destroy();
  }
}

function answer(status: number, headers: IncomingHttpHeaders, body: string): Answer {
  const seen: Seen | undefined = headers["content-type"] === "application/json" ? JSON.parse(body) : undefined;
  return { status, headers, body, seen };
}
