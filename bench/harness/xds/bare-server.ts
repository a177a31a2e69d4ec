/**
 * Node's own HTTP/2 server, which sends each stream as many bytes as it would get from ours, and takes what comes: what of a
 * stream's memory is Node's, nghttp2's and OpenSSL's. For `streams.ts`.
 */
import "../product-flags.ts";
import { createSecureServer, createServer, type ServerHttp2Stream } from "node:http2";
import { setTimeout as wait } from "node:timers/promises";
import { createAuthority } from "../../../src/certificates/authority.ts";
import { proxyUri } from "../../../src/certificates/proxy-identity.ts";
import { MutualTls } from "../../../src/xds/credentials.ts";
import { answer } from "../forked.ts";
import type { Credentials } from "./client.ts";
import { settledMemory } from "./memory.ts";

const streams = new Set<ServerHttp2Stream>();
const chunk = Buffer.alloc(64 << 10);
/** Until when nothing has to come that streams are taken for settled. */
const quietMs = 1_000;
let lastAt = 0;

const commands = {
  async start(argument: { readonly bytes: number; readonly tls: boolean; readonly proxies: readonly string[] }) {
    const authority = argument.tls ? await createAuthority() : undefined;
    const identity = await authority?.issue({ end: "server", dnsNames: ["localhost"] });
    const settings = { maxConcurrentStreams: 100 };
    const server =
      authority === undefined || identity === undefined
        ? createServer({ settings })
        : createSecureServer({ settings, ...new MutualTls({ ...identity, trusted: authority.trusted }).options });
    server.on("session", (session) => session.on("error", () => undefined));
    server.on("stream", (stream) => serve(stream, argument.bytes));
    await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    if (authority === undefined) return { port };
    const credentials: Record<string, Credentials> = {};
    for (const proxy of argument.proxies) {
      const pair = await authority.issue({ end: "client", uri: proxyUri(proxy) });
      credentials[proxy] = { ...pair, trusted: authority.trusted };
    }
    return { port, credentials };
  },

  /** @returns when that many streams are there, and nothing has come or gone for a while */
  async settled(count: number): Promise<void> {
    lastAt = performance.now();
    while (streams.size !== count || performance.now() - lastAt < quietMs) await wait(20);
  },

  memory: settledMemory,
};

export type BareCommands = typeof commands;

answer(commands);

function serve(stream: ServerHttp2Stream, bytes: number): void {
  streams.add(stream);
  stream.on("error", () => undefined);
  stream.on("close", () => streams.delete(stream));
  stream.on("data", () => {
    lastAt = performance.now();
  });
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.write(head(bytes));
  send(stream, bytes);
}

function send(stream: ServerHttp2Stream, bytes: number): void {
  lastAt = performance.now();
  if (bytes === 0 || stream.destroyed) return;
  const length = Math.min(bytes, chunk.length);
  const next = (): void => send(stream, bytes - length);
  if (stream.write(chunk.subarray(0, length))) next();
  else stream.once("drain", next);
}

/** Of a gRPC message with a DeltaDiscoveryResponse of one resource of that length: all that the client looks at. */
function head(bytes: number): Buffer {
  const field: number[] = [0x12];
  let rest = bytes;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) field.push((rest % 0x80) | 0x80);
  field.push(rest);
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(field.length + bytes, 1);
  return Buffer.concat([frame, Buffer.from(field)]);
}
