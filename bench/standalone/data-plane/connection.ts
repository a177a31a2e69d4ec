import { once } from "node:events";
import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { http1Connection } from "./http1-connection.ts";
import { http2Connection } from "./http2-connection.ts";
import type { Protocol, RouteOf } from "./scenario.ts";

/** A connection that stays, and sends one and the same request again and again. */
export interface Connection {
  /** Requests that it has under way at once. */
  readonly capacity: number;
  /** Sends one; not more than {@link capacity} before their answers. */
  readonly send: () => void;
  readonly close: () => void;
}

/** Told of each answer: whether it is what it should be. */
export type Answered = (connection: Connection, asExpected: boolean) => void;

/** As a client of HTTP/1.1 and of HTTP/2 has them: connections to a host, and streams of one. */
const underWay = 4;

/** What asks for one route: as many requests under way in each protocol. */
export async function connectionsTo(
  protocol: Protocol,
  port: number,
  target: RouteOf,
  answered: Answered,
): Promise<readonly Connection[]> {
  const sockets = await Promise.all(
    Array.from({ length: isHttp1(protocol) ? underWay : 1 }, async () => await open(protocol, port, target)),
  );
  return sockets.map((socket) =>
    isHttp1(protocol)
      ? http1Connection(socket, target, answered)
      : http2Connection(
          socket,
          { ...target, tls: protocol === "HTTP/2 TLS", grpc: protocol === "gRPC" },
          underWay,
          answered,
        ),
  );
}

async function open(protocol: Protocol, port: number, { hostname }: RouteOf): Promise<Socket> {
  const to = { host: "127.0.0.1", port };
  const alpn = isHttp1(protocol) ? "http/1.1" : "h2";
  const socket = protocol.endsWith("TLS")
    ? connectTls({ ...to, servername: hostname, rejectUnauthorized: false, ALPNProtocols: [alpn] })
    : connectPlain(to);
  socket.setNoDelay(true);
  await once(socket, protocol.endsWith("TLS") ? "secureConnect" : "connect");
  socket.once("end", () => {
    throw new Error(`the proxy closed a connection of ${protocol} to ${hostname}`);
  });
  return socket;
}

function isHttp1(protocol: Protocol): boolean {
  return protocol.startsWith("HTTP/1.1");
}
