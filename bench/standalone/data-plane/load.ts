import { execFile } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { request as requestHttp } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { request as requestHttps } from "node:https";
import { join } from "node:path";
import { promisify } from "node:util";
import { emptyMessage } from "./backend.ts";
import type { Protocol, RouteOf } from "./scenario.ts";

const execute = promisify(execFile);

/** As fast as answers come (closed), or so many requests a second. */
export type Pace = { readonly kind: "closed" } | { readonly kind: "fixed"; readonly rate: number };

export interface Load {
  readonly protocol: Protocol;
  readonly port: number;
  /** Each gets the same share, by a process of its own: h2load sends to one host. */
  readonly targets: readonly RouteOf[];
  readonly pace: Pace;
  readonly seconds: number;
  /** For what is sent as a body. */
  readonly folder: string;
  readonly processors: readonly number[];
}

export interface Answers {
  /** That were answered with 2xx. */
  readonly succeeded: number;
  /** Everything else: other codes, connections that broke, requests that were not answered. */
  readonly failed: number;
  /** Succeeded ones, a second. */
  readonly perSecond: number;
}

/** What is under way at once, of each target: connections of HTTP/1.1, streams of one connection of HTTP/2. */
const inFlight = 4;

/** Sends requests with h2load, and waits until all are answered. */
export async function send(load: Load): Promise<Answers> {
  await writeFile(join(load.folder, "message"), emptyMessage);
  const all = await Promise.all(load.targets.map(async (target) => await sendTo(target, load)));
  return {
    succeeded: sum(all.map(({ succeeded }) => succeeded)),
    failed: sum(all.map(({ failed }) => failed)),
    perSecond: sum(all.map(({ perSecond }) => perSecond)),
  };
}

async function sendTo(target: RouteOf, load: Load): Promise<Answers> {
  const { protocol, port, pace, seconds, folder, targets } = load;
  const http1 = protocol.startsWith("HTTP/1.1");
  const clients = http1 ? inFlight : 1;
  const share = pace.kind === "fixed" ? pace.rate / targets.length : 0;
  const { stdout } = await execute("taskset", [
    "--cpu-list",
    load.processors.join(),
    "h2load",
    `--connect-to=127.0.0.1:${port}`,
    `--clients=${clients}`,
    ...(http1 ? ["--h1"] : [`--max-concurrent-streams=${inFlight}`]),
    ...(pace.kind === "closed"
      ? [`--duration=${Math.round(seconds * 1_000)}ms`]
      : [`--rps=${share / clients}`, `--requests=${Math.round(share * seconds)}`]),
    ...(protocol === "gRPC"
      ? [`--data=${join(folder, "message")}`, "--header=content-type: application/grpc", "--header=te: trailers"]
      : []),
    urlOf(target, protocol),
  ]);
  const [, total, succeeded] =
    /^requests: (\d+) total, \d+ started, \d+ done, (\d+) succeeded/m.exec(stdout)?.map(Number) ?? [];
  const ok = Number(/^status codes: (\d+) 2xx/m.exec(stdout)?.[1]);
  const finished = /^finished in ([\d.]+)(m?s),/m.exec(stdout);
  const elapsed = Number(finished?.[1]) / (finished?.[2] === "ms" ? 1_000 : 1);
  if (total === undefined || succeeded === undefined) throw new Error(`h2load said nothing of requests:\n${stdout}`);
  return { succeeded: ok, failed: total - Math.min(ok, succeeded), perSecond: ok / elapsed };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function urlOf({ hostname, path }: RouteOf, protocol: Protocol): string {
  return `${protocol.endsWith("TLS") ? "https" : "http"}://${hostname}${path}`;
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
