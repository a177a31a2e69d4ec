import { once } from "node:events";
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from "node:http2";
import type { Request } from "../request.ts";
import type { RawAnswer, RawServer } from "./raw-client.ts";

/** Requests that are under way on a connection. */
const atOnce = 16;

/** Whether a request can be sent over HTTP/2 as it is: with one Host, and what a client's library lets through. */
export function fitsHttp2({ method, target, headers }: Request): boolean {
  const names = headers.map(({ name }) => name.toLowerCase());
  return (
    /^(GET|POST|PUT|DELETE|OPTIONS|HEAD|TRACE|PATCH)$/.test(method) &&
    /^\/[!-~]*$/.test(target) &&
    names.filter((name) => name === "host").length === 1 &&
    headers.every(
      ({ name, value }) =>
        /^[a-z0-9_-]+$/i.test(name) && name !== "te" && (name === "Host" ? /^[\w.*:-]+$/ : /^[!-~]*$/).test(value),
    )
  );
}

/** Sends requests over one connection, and gives an answer for each. */
export async function sendHttp2(
  { port, tls }: RawServer,
  requests: readonly Request[],
): Promise<readonly (RawAnswer | undefined)[]> {
  const session =
    tls === undefined
      ? connect(`http://127.0.0.1:${port}`)
      : connect(`https://127.0.0.1:${port}`, {
          ca: tls.authority,
          servername: tls.serverName,
          ALPNProtocols: ["h2"],
          checkServerIdentity: () => undefined,
        });
  const failed = once(session, "error").then(
    () => true,
    () => true,
  );
  const answers: (RawAnswer | undefined)[] = [];
  try {
    if (await Promise.race([failed, once(session, "connect").then(() => false)])) return requests.map(() => undefined);
    for (let start = 0; start < requests.length; start += atOnce) {
      answers.push(
        ...(await Promise.all(requests.slice(start, start + atOnce).map((request) => send(session, request)))),
      );
    }
    return answers;
  } finally {
    session.destroy();
  }
}

async function send(session: ClientHttp2Session, { method, target, headers, scheme }: Request): Promise<RawAnswer> {
  const values = new Map<string, readonly string[]>();
  for (const { name, value } of headers) {
    const key = name.toLowerCase() === "host" ? ":authority" : name.toLowerCase();
    values.set(key, [...(values.get(key) ?? []), value]);
  }
  const fields = [...values].map(([name, all]) => [name, all.length === 1 ? all[0] : [...all]] as const);
  const stream = session.request({
    ":method": method,
    ":path": target,
    ":scheme": scheme,
    ...Object.fromEntries(fields),
  });
  stream.end();
  stream.resume();
  const [received]: IncomingHttpHeaders[] = await once(stream, "response");
  await once(stream, "close");
  const found = Object.entries(received ?? {}).map(([name, value]) => [name, String(value)] as const);
  return { status: Number(received?.[":status"]), headers: new Map(found) };
}
