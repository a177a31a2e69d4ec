/** The clients, in a thread of their own; `load.ts` starts it. */
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import type { TLSSocket } from "node:tls";
import { parentPort, workerData } from "node:worker_threads";
import { ADDED_HEADER, type Answer, answerOf, Judge, type RouteVersion, VERSION_HEADER } from "./answers.ts";
import { Http1Connection } from "./http1-connection.ts";
import type { LoadMessage, LoadOptions, LoadReport } from "./load.ts";
import { Pace } from "./pace.ts";

const { host, port, securePort, ca, rate, seconds }: LoadOptions = workerData;
const shares = { http1: 0.5, http2: 0.45, https: 0.05 };
const handshakesPerSecond = 10;
const answerWithinMs = 20_000;
const longestFailures = 20;

interface Client {
  readonly judge: Judge;
  /** Sends a request, if the connection takes one now. */
  send(): boolean;
}

const versions = new Map<number, RouteVersion>();
const serials = new Map<string, number>();
const failures: string[] = [];
let answered = 0;
let failed = 0;
let handshakes = 0;
let newestSerial = 0;
/** Nothing new is sent then; what is under way is still judged. */
let stopped = false;
const waiting = new Set<{ readonly since: number; readonly what: string }>();

const fail = (what: string): void => {
  failed += 1;
  if (failures.length < longestFailures) failures.push(`${new Date().toISOString()} ${what}`);
};

function received(what: string, judge: Judge, answer: Answer): void {
  answered += 1;
  const wrong = judge.judge(answer);
  if (wrong !== undefined) fail(`${what}: ${wrong}`);
}

function http1(what: string, options: { readonly ca?: string } = {}): Client {
  const judge = new Judge(versions);
  const connection = new Http1Connection(
    options.ca === undefined ? port : securePort,
    host,
    (why) => fail(`${what}: a connection was cut, ${why}`),
    options,
  );
  return {
    judge,
    send() {
      if (!connection.idle) return false;
      const started = { since: performance.now(), what };
      waiting.add(started);
      connection.send((answer) => {
        waiting.delete(started);
        received(what, judge, answer);
      });
      return true;
    },
  };
}

/** Requests of one connection overlap, so that they are judged in their order once those before them are there. */
function http2(what: string): Client {
  const judge = new Judge(versions);
  const session: ClientHttp2Session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on("error", (error) => fail(`${what}: ${error.message}`));
  session.on("goaway", (code) => fail(`${what}: GOAWAY ${code}`));
  session.on("close", () => fail(`${what}: a connection was cut`));
  const inOrder: { answer: Answer | undefined }[] = [];
  return {
    judge,
    send() {
      if (inOrder.length >= 100) return false;
      const slot: { answer: Answer | undefined } = { answer: undefined };
      const started = { since: performance.now(), what };
      inOrder.push(slot);
      waiting.add(started);
      const stream = session.request({ ":path": "/", ":authority": host });
      let head: Readonly<Record<string, string | string[] | number | undefined>> = {};
      const text = (name: string): string | undefined => (head[name] === undefined ? undefined : String(head[name]));
      let body = "";
      stream.setEncoding("utf8");
      stream.on("response", (headers) => {
        head = headers;
      });
      stream.on("data", (chunk: string) => {
        body += chunk;
      });
      stream.on("error", (error) => fail(`${what}: ${error.message}`));
      stream.on("close", () => {
        waiting.delete(started);
        slot.answer = answerOf(Number(head[":status"] ?? 0), text(VERSION_HEADER), text(ADDED_HEADER), body);
        for (let first = inOrder[0]; first?.answer !== undefined; first = inOrder[0]) {
          inOrder.shift();
          received(what, judge, first.answer);
        }
      });
      stream.end();
      return true;
    },
  };
}

/** A new TLS connection, one request on it, and an end. */
function handshake(): void {
  const what = "new HTTPS connection";
  const started = { since: performance.now(), what };
  waiting.add(started);
  const oldest = newestSerial;
  const connection = new Http1Connection(securePort, host, (why) => fail(`${what}: ${why}`), { ca });
  connection.socket.once("secureConnect", () => {
    handshakes += 1;
    const shown = serials.get(serialOf(connection.socket));
    if (shown === undefined) fail(`${what}: a certificate that nobody wrote`);
    else {
      // While one takes the place of another, either is right; Envoy's threads change one after the other.
      if (shown < oldest - 1) fail(`${what}: certificate ${shown} after ${oldest}`);
      newestSerial = Math.max(newestSerial, shown);
    }
  });
  connection.send((answer) => {
    waiting.delete(started);
    received(what, new Judge(versions), answer);
    connection.close();
  });
}

function serialOf(socket: object): string {
  return isTls(socket) ? socket.getPeerCertificate().serialNumber : "";
}

function isTls(socket: object): socket is TLSSocket {
  return "getPeerCertificate" in socket;
}

function many(count: number, make: () => Client): readonly Client[] {
  return Array.from({ length: count }, make);
}

/** Keeps to a rate, on whichever of the clients is free, in turns. */
function drive(clients: readonly Client[], perSecond: number): Pace {
  const pace = new Pace(perSecond, performance.now());
  let next = 0;
  const timer = setInterval(() => {
    if (stopped) return clearInterval(timer);
    let busy = 0;
    for (let due = pace.due(performance.now()); due > 0 && busy < clients.length; ) {
      next = (next + 1) % clients.length;
      if (clients[next]?.send() !== true) {
        busy += 1;
        continue;
      }
      busy = 0;
      due -= 1;
      pace.take();
    }
  }, 5);
  return pace;
}

interface Group {
  readonly clients: readonly Client[];
  readonly pace: Pace;
}

let groups: readonly Group[] = [];

function begin(): void {
  const group = (clients: readonly Client[], share: number): Group => ({ clients, pace: drive(clients, rate * share) });
  groups = [
    group(
      many(32, () => http1("HTTP/1.1")),
      shares.http1,
    ),
    group(
      many(4, () => http2("HTTP/2")),
      shares.http2,
    ),
    group(
      many(8, () => http1("HTTPS", { ca })),
      shares.https,
    ),
  ];
  setInterval(() => stopped || handshake(), 1000 / handshakesPerSecond);
}

const startedAt = performance.now();

setInterval(() => {
  const now = performance.now();
  for (const one of waiting) {
    if (now - one.since < answerWithinMs) continue;
    waiting.delete(one);
    fail(`${one.what}: no answer in ${answerWithinMs} ms`);
  }
  if (now - startedAt > seconds * 1000 && !stopped) fail(`not stopped within ${seconds} s`);
  const judges = groups.flatMap(({ clients }) => clients.map(({ judge }) => judge));
  const report: LoadReport = {
    answered,
    failed,
    failures,
    handshakes,
    newestSerial,
    leftOut: groups.reduce((sum, { pace }) => sum + pace.leftOut, 0),
    pending: waiting.size,
    version: Math.min(...judges.map((judge) => judge.version)),
    epochs: Object.fromEntries(
      ["a", "b", "c"].map((service) => [service, Math.min(...judges.map((judge) => judge.epoch(service)))]),
    ),
  };
  parentPort?.postMessage(report);
}, 20);

parentPort?.on("message", (message: LoadMessage) => {
  if (message.kind === "version") versions.set(message.version.version, message.version);
  else if (message.kind === "serial") serials.set(message.serial, message.number);
  else if (message.kind === "stop") stopped = true;
  else begin();
  parentPort?.postMessage("heard");
});
