import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** Where raw requests go. */
export interface RawServer {
  readonly port: number;
  /** Over TLS, with this server name; "" for none. */
  readonly tls?: { readonly serverName: string; readonly authority: string };
}

/** One request as bytes, one character each. */
export interface RawRequest {
  readonly method: string;
  readonly bytes: string;
}

/** Header names are lower-case; the first of each counts. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
}

/**
 * Sends requests as they are, one after the other, on as few connections as the server allows. They are not pipelined: Envoy
 * takes more than two answers of its own that wait in a connection for an attack (flood protection), and closes it.
 *
 * @returns an answer for each; undefined where the server closed the connection without one
 */
export async function sendRaw(
  server: RawServer,
  requests: readonly RawRequest[],
): Promise<readonly (RawAnswer | undefined)[]> {
  const answers: (RawAnswer | undefined)[] = [];
  while (answers.length < requests.length) {
    const onThis = await sendOnOne(server, requests.slice(answers.length));
    // Closed before it said anything: that is what it says.
    answers.push(...(onThis.length === 0 ? [undefined] : onThis));
  }
  return answers;
}

async function sendOnOne(server: RawServer, requests: readonly RawRequest[]): Promise<readonly RawAnswer[]> {
  const socket = await open(server);
  const answers: RawAnswer[] = [];
  if (socket === undefined) return answers;
  const send = (): void => {
    socket.write(Buffer.from(requests[answers.length]?.bytes ?? "", "latin1"));
  };
  let received = "";
  socket.setEncoding("latin1");
  send();
  try {
    for await (const chunk of socket) {
      received += String(chunk);
      const parsed = parse(received, requests[answers.length]?.method ?? "");
      if (parsed === undefined) continue;
      received = received.slice(parsed.length);
      answers.push(parsed.answer);
      if (parsed.answer.headers.get("connection") === "close" || answers.length === requests.length) break;
      send();
    }
  } catch (error) {
    if (!isReset(error)) throw error;
  } finally {
    socket.destroy();
  }
  return answers;
}

async function open({ port, tls }: RawServer): Promise<Socket | undefined> {
  const host = "127.0.0.1";
  const socket =
    tls === undefined
      ? connect({ host, port })
      : connectTls({
          host,
          port,
          ca: tls.authority,
          servername: tls.serverName,
          ALPNProtocols: ["http/1.1"],
          checkServerIdentity: () => undefined,
        });
  try {
    await once(socket, tls === undefined ? "connect" : "secureConnect");
    return socket;
  } catch (error) {
    if (!isReset(error)) throw error;
    return undefined;
  }
}

const closings: readonly unknown[] = ["ECONNRESET", "EPIPE", "ERR_SSL_WRONG_VERSION_NUMBER", "EPROTO"];

/** What a server does to a connection that it does not want. */
function isReset(error: unknown): boolean {
  return error instanceof Error && "code" in error && closings.includes(error.code);
}

function parse(received: string, method: string): { readonly answer: RawAnswer; readonly length: number } | undefined {
  const end = received.indexOf("\r\n\r\n");
  if (end === -1) return undefined;
  const [statusLine = "", ...lines] = received.slice(0, end).split("\r\n");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    if (!headers.has(name)) headers.set(name, line.slice(colon + 1).trim());
  }
  const body = end + 4;
  const length = bodyEnd(received, body, headers, method);
  if (length === undefined || length > received.length) return undefined;
  return { answer: { status: Number(statusLine.split(" ")[1]), headers }, length };
}

function bodyEnd(
  received: string,
  body: number,
  headers: ReadonlyMap<string, string>,
  method: string,
): number | undefined {
  if (method === "HEAD") return body;
  if (headers.get("transfer-encoding") !== "chunked") return body + Number(headers.get("content-length") ?? 0);
  const last = received.indexOf("0\r\n\r\n", body);
  return last === -1 ? undefined : last + 5;
}
