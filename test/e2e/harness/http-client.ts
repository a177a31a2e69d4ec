import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest, Agent as TlsAgent } from "node:https";
import { text } from "node:stream/consumers";
import type { Echo } from "../../../examples/backends/http-echo.ts";

interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface Request {
  readonly method?: string;
  readonly host: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Response {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  /** What a demo backend answered. @throws if no demo backend did */
  echo(): Echo;
}

/** Sends requests to one port of 127.0.0.1, on connections that it keeps. */
export interface HttpClient {
  send(request: Request): Promise<Response>;
  close(): void;
}

/** A client for volume; with `ca` it speaks TLS, and the request's host is its SNI; it shows `client` if it is asked. */
export function httpClient(
  port: number,
  options: { readonly ca?: string; readonly client?: KeyPair; readonly connections?: number } = {},
): HttpClient {
  const settings = { keepAlive: true, maxSockets: options.connections ?? 16 };
  const agent =
    options.ca === undefined ? new Agent(settings) : new TlsAgent({ ...settings, ca: options.ca, ...options.client });
  return {
    send: ({ method = "GET", host, path = "/", headers = {} }) =>
      new Promise((resolve, reject) => {
        const all = { method, path, headers: { host, ...headers }, agent, port, host: "127.0.0.1", timeout: 20_000 };
        const receive = (incoming: IncomingMessage) => void read(incoming).then(resolve, reject);
        const outgoing =
          options.ca === undefined ? httpRequest(all, receive) : httpsRequest({ ...all, servername: host }, receive);
        outgoing.once("timeout", () => outgoing.destroy(new Error(`no answer from ${host}${path} in 20 s`)));
        outgoing.once("error", reject).end();
      }),
    close: () => agent.destroy(),
  };
}

async function read(incoming: IncomingMessage): Promise<Response> {
  const body = await text(incoming);
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body, echo: () => JSON.parse(body) };
}
