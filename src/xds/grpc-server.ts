import { chmod, rm } from "node:fs/promises";
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { MutualTls } from "./credentials.ts";
import { GrpcCall } from "./grpc-call.ts";
import { grpcStatus, statusTrailers } from "./grpc-status.ts";

/** A Unix socket, or a host and port (0: any free one). */
export type GrpcAddress = { readonly path: string } | { readonly host: string; readonly port: number };

export interface GrpcServerOptions {
  /** The path of the one method that there is. */
  readonly path: string;
  readonly credentials?: MutualTls;
  /** After which time, give or take a tenth, a client is asked to connect anew, in milliseconds. Default: never. */
  readonly connectionAgeMs?: number;
  /** How often a client is asked whether it is there, and for how long its answer is waited for, in milliseconds. */
  readonly keepalive?: { readonly everyMs: number; readonly timeoutMs: number };
  readonly serve: (call: GrpcCall) => void;
}

/** A client whose machine vanished is otherwise connected for ever. */
const usualKeepalive = { everyMs: 30_000, timeoutMs: 10_000 };
/** Envoy opens one, and another when that one ends; who opens more and more costs memory. */
const streamsOfConnection = 4;
/** That many connect at once; the others try again after a second. */
const backlog = 4096;

/**
 * A gRPC server of one bidirectional method, on Node's own HTTP/2.
 *
 * The library for gRPC copies each message for each stream and keeps all of it in memory until a slow client has taken it, and
 * takes 12 KiB for a connection that is idle.
 */
export class GrpcServer {
  readonly #options: GrpcServerOptions;
  readonly #server: Http2Server | Http2SecureServer;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #calls = new Map<ServerHttp2Stream, GrpcCall>();
  readonly #keepalive: NodeJS.Timeout;

  constructor(options: GrpcServerOptions) {
    this.#options = options;
    const settings = { maxConcurrentStreams: streamsOfConnection };
    const { credentials } = options;
    if (credentials === undefined) this.#server = createServer({ settings });
    else {
      const server = createSecureServer({ settings, ...credentials.options });
      credentials.follow(server);
      // Whoever is no client of ours is none of our business.
      server.on("tlsClientError", (_error, socket) => socket.destroy());
      this.#server = server;
    }
    this.#server.on("session", (session) => this.#opened(session));
    this.#server.on("sessionError", () => undefined);
    // A connection that can't be accepted, for want of descriptors or memory, ends; the controller does not.
    this.#server.on("error", () => undefined);
    this.#server.on("stream", (stream, headers) => {
      if (headers[":path"] === options.path) this.#serve(stream);
      else refuse(stream, headers[":path"]);
    });
    const { everyMs, timeoutMs } = options.keepalive ?? usualKeepalive;
    this.#keepalive = setInterval(() => this.#ping(timeoutMs), everyMs);
    this.#keepalive.unref();
  }

  /**
   * Starts to serve. A Unix socket that a dead process left behind is replaced; only its owner may connect to the new one.
   *
   * @returns the port, 0 for a Unix socket
   * @throws Error if the address can't be bound
   */
  async listen(address: GrpcAddress): Promise<number> {
    if (!("path" in address)) {
      await this.#bind(address);
      const bound = this.#server.address();
      return typeof bound === "object" && bound !== null ? bound.port : 0;
    }
    await rm(address.path, { force: true });
    await this.#bind(address);
    await chmod(address.path, 0o600);
    return 0;
  }

  /** Ends every call and connection. */
  close(): void {
    clearInterval(this.#keepalive);
    this.#server.close();
    for (const call of this.#calls.values()) call.fail(grpcStatus.UNAVAILABLE, "shutting down");
    for (const session of this.#sessions) leave(session);
  }

  #bind(address: GrpcAddress): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ ...address, backlog }, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
  }

  #opened(session: ServerHttp2Session): void {
    this.#sessions.add(session);
    session.on("error", () => undefined);
    const { connectionAgeMs } = this.#options;
    const age =
      connectionAgeMs === undefined
        ? undefined
        : setTimeout(() => this.#retire(session), connectionAgeMs * (0.9 + Math.random() / 5));
    age?.unref();
    session.once("close", () => {
      this.#sessions.delete(session);
      clearTimeout(age);
    });
  }

  #serve(stream: ServerHttp2Stream): void {
    const call = new GrpcCall(stream);
    this.#calls.set(stream, call);
    stream.once("close", () => this.#calls.delete(stream));
    this.#options.serve(call);
  }

  #retire(session: ServerHttp2Session): void {
    for (const [stream, call] of this.#calls)
      if (stream.session === session) call.fail(grpcStatus.UNAVAILABLE, "connected for long: connect anew");
    leave(session);
  }

  #ping(timeoutMs: number): void {
    const silent = new Set<ServerHttp2Session>();
    for (const session of this.#sessions) {
      // One that the peer wants to end has calls until it does.
      if (session.destroyed) continue;
      silent.add(session);
      session.ping(() => silent.delete(session));
    }
    afterTurns(timeoutMs, () => {
      for (const session of silent) session.destroy();
    });
  }
}

const parts = 5;

/**
 * Calls `then` after so many milliseconds in which the event loop turned. While it is stalled, nobody can hear an answer: a part of
 * the time that takes twice as long, or longer, does not count.
 */
function afterTurns(milliseconds: number, then: () => void, left = parts): void {
  const part = milliseconds / parts;
  const due = performance.now() + part;
  const turn = (): void => {
    const rest = performance.now() > due + part ? left : left - 1;
    if (rest > 0) afterTurns(milliseconds, then, rest);
    else then();
  };
  setTimeout(turn, part).unref();
}

/** Ends a connection when what is on its way has left; at once if that takes too long. */
function leave(session: ServerHttp2Session): void {
  session.close();
  setTimeout(() => session.destroy(), 100).unref();
}

function refuse(stream: ServerHttp2Stream, path: string | undefined): void {
  stream.on("error", () => undefined);
  stream.respond(
    {
      ":status": 200,
      "content-type": "application/grpc",
      ...statusTrailers(grpcStatus.UNIMPLEMENTED, `there is no method ${path}`),
    },
    { endStream: true },
  );
}
