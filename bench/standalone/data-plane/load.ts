import { once } from "node:events";
import { request as requestHttp } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { request as requestHttps } from "node:https";
import { emptyMessage } from "./backend.ts";
import { type Connection, connectionsTo } from "./connection.ts";
import type { Protocol, RouteOf } from "./scenario.ts";

/** As fast as answers come (closed), or so many requests a second. */
export type Pace = { readonly kind: "closed" } | { readonly kind: "fixed"; readonly rate: number };

export interface Answers {
  /** With 200. */
  readonly succeeded: number;
  /** With anything else. A connection that breaks ends the benchmark. */
  readonly failed: number;
  /** Until the last answer. */
  readonly milliseconds: number;
}

/**
 * Connections to a proxy that stay, over which load comes and goes: so slices of load can be short, and nobody's contain
 * handshakes.
 */
export class Load {
  readonly #free: Connection[] = [];
  readonly #all: Connection[] = [];
  #answered: (connection: Connection, asExpected: boolean) => void = () => {};

  /** @param targets each gets the same share */
  static async open(protocol: Protocol, port: number, targets: readonly RouteOf[]): Promise<Load> {
    const load = new Load();
    for (const target of targets) {
      const connections = await connectionsTo(protocol, port, target, (connection, asExpected) =>
        load.#answered(connection, asExpected),
      );
      load.#all.push(...connections);
    }
    load.#free.push(...load.#all.flatMap((one) => Array.from({ length: one.capacity }, () => one)));
    return load;
  }

  close(): void {
    for (const connection of this.#all) connection.close();
  }

  /** Sends requests for a while, and waits until all are answered. */
  async send(pace: Pace, milliseconds: number): Promise<Answers> {
    const from = performance.now();
    const until = from + milliseconds;
    let [sent, succeeded, failed, last] = [0, 0, 0, from];
    const free = this.#free;
    const size = free.length;
    const send = (connection: Connection): void => {
      sent++;
      connection.send();
    };
    const due = (): number => (pace.kind === "closed" ? size : ((performance.now() - from) * pace.rate) / 1_000 - sent);
    const sendDue = (): void => {
      // Who has waited the longest goes first.
      for (let number = Math.min(due(), free.length); number >= 1; number--) {
        const connection = free.shift();
        if (connection !== undefined) send(connection);
      }
    };
    const done = new Promise<void>((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const tick = (): void => {
        if (performance.now() >= until) {
          if (free.length === size) resolve();
          return;
        }
        if (pace.kind === "fixed") sendDue();
        timer = setTimeout(tick, 1);
      };
      this.#answered = (connection, asExpected) => {
        last = performance.now();
        if (asExpected) succeeded++;
        else failed++;
        if (last < until && pace.kind === "closed") return send(connection);
        free.push(connection);
        if (last < until || free.length < size) return;
        clearTimeout(timer);
        resolve();
      };
      sendDue();
      tick();
    });
    await done;
    return { succeeded, failed, milliseconds: last - from };
  }
}

/** The status of one answer; of gRPC, 200 only if its trailers say that the call succeeded. 0 if there is none. */
export async function statusOf(protocol: Protocol, port: number, { hostname, path }: RouteOf): Promise<number> {
  const how = { host: "127.0.0.1", port, path, agent: false, headers: { host: hostname } } as const;
  const tls = { rejectUnauthorized: false, servername: hostname };
  try {
    switch (protocol) {
      case "HTTP/1.1":
        return await statusOfHttp1(requestHttp(how));
      case "HTTP/1.1 TLS":
        return await statusOfHttp1(requestHttps({ ...how, ...tls }));
      case "HTTP/2":
      case "gRPC":
        return await statusOfHttp2(connectHttp2(`http://127.0.0.1:${port}`), hostname, path, protocol === "gRPC");
      case "HTTP/2 TLS":
        return await statusOfHttp2(connectHttp2(`https://127.0.0.1:${port}`, tls), hostname, path, false);
    }
  } catch {
    return 0;
  }
}

async function statusOfHttp1(request: ReturnType<typeof requestHttp>): Promise<number> {
  const answered = once(request, "response");
  request.end();
  const [response] = await answered;
  response.resume();
  await once(response, "end");
  return response.statusCode;
}

async function statusOfHttp2(
  session: ReturnType<typeof connectHttp2>,
  authority: string,
  path: string,
  grpc: boolean,
): Promise<number> {
  try {
    await once(session, "connect");
    const stream = session.request({
      ":method": grpc ? "POST" : "GET",
      ":authority": authority,
      ":path": path,
      ...(grpc && { "content-type": "application/grpc", te: "trailers" }),
    });
    const answered = once(stream, "response");
    const trailers = grpc ? once(stream, "trailers") : undefined;
    stream.end(grpc ? emptyMessage : undefined);
    const [headers] = await answered;
    stream.resume();
    const [trailer] = (await trailers) ?? [];
    return grpc && trailer["grpc-status"] !== "0" ? 0 : headers[":status"];
  } finally {
    session.close();
  }
}
