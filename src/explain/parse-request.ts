import { isIP } from "node:net";
import { bytesOf, type Question, type Request, type RequestHeader } from "./request.ts";

/** What a person says of a request, as text. */
export interface RequestText {
  readonly method?: string;
  readonly url: string;
  /** `Name: value` each. */
  readonly headers: readonly string[];
  /** `service/method`: a gRPC call, whatever the URL's path and the method say. */
  readonly grpc?: string;
  readonly serverName?: string;
  readonly clientAddress?: string;
}

/** A request that makes no sense, and what to write instead. */
export class RequestError extends Error {
  override readonly name = "RequestError";
}

/**
 * The request that curl would send, but for the path, which is left exactly as it is written; or, of a URL of tcp, tls or udp,
 * a connection.
 *
 * @throws RequestError
 */
export function parseQuestion(text: RequestText): Question {
  const { scheme, host, port, authority, target } = parseUrl(text.url);
  const given = text.headers.map(parseHeader);
  if (scheme !== "http" && scheme !== "https") {
    const meaningless = [...(given.length > 0 ? ["-H"] : []), ...(text.grpc === undefined ? [] : ["--grpc"])];
    if (meaningless.length > 0)
      throw new RequestError(
        `${meaningless.join(" and ")}: a connection has no headers; ask with http:// or https://.`,
      );
    const { serverName = scheme === "tls" && isIP(host) === 0 ? host : undefined } = text;
    return { scheme, host, port, ...(serverName !== undefined && { serverName }) };
  }
  const hosts = given.some(({ name }) => name.toLowerCase() === "host") ? [] : [{ name: "Host", value: authority }];
  const { clientAddress, serverName = scheme === "https" && isIP(host) === 0 ? host : undefined } = text;
  if (clientAddress !== undefined && isIP(clientAddress) === 0) {
    throw new RequestError(`--client-ip ${clientAddress} is not an IP address.`);
  }
  if (text.serverName !== undefined && scheme === "http") {
    throw new RequestError("--sni is of a TLS connection: ask with https://.");
  }
  return {
    scheme,
    host,
    port,
    ...(serverName !== undefined && { serverName }),
    ...(clientAddress !== undefined && { clientAddress }),
    ...call(text, target),
    headers: [
      ...hosts,
      ...(text.grpc === undefined ? [] : [{ name: "content-type", value: "application/grpc" }]),
      ...given,
    ],
  };
}

function call({ method, grpc }: RequestText, target: string): Pick<Request, "method" | "target"> {
  if (grpc === undefined) return { method: method ?? "GET", target };
  const path = grpc.replace(/^\//, "");
  if (!/^[^/]+\/[^/]+$/.test(path))
    throw new RequestError(`--grpc ${grpc} is not SERVICE/METHOD, as in shop.Cart/Get.`);
  return { method: "POST", target: bytesOf(`/${path}`) };
}

/** With the port that is meant where none is written. */
const schemes: Readonly<Record<Question["scheme"], number | undefined>> = {
  http: 80,
  https: 443,
  tls: 443,
  tcp: undefined,
  udp: undefined,
};

function isScheme(scheme: string): scheme is Question["scheme"] {
  return Object.hasOwn(schemes, scheme);
}

function parseUrl(url: string) {
  const [, scheme = "", authority = "", rest = ""] = /^([a-z]+):\/\/([^/?#]*)([^#]*)/i.exec(url) ?? [];
  const lower = scheme.toLowerCase();
  if (!isScheme(lower)) {
    throw new RequestError(
      `${url} is not a URL that can be explained: write http://HOST[:PORT]/PATH, https://…, tls://HOST[:PORT], tcp://HOST:PORT or udp://HOST:PORT.`,
    );
  }
  const withoutUser = authority.replace(/^.*@/, "");
  const parts = /^(?:\[(?<ipv6>[^\]]+)\]|(?<host>[^:[\]]+))(?::(?<port>\d{1,5}))?$/.exec(withoutUser)?.groups;
  const host = parts?.["ipv6"] ?? parts?.["host"];
  if (host === undefined) throw new RequestError(`${url} names no host: write http://HOST[:PORT]/PATH.`);
  const wellKnown = schemes[lower];
  const port = Number(parts?.["port"] ?? wellKnown);
  if (Number.isNaN(port)) throw new RequestError(`${url} names no port: write ${lower}://HOST:PORT.`);
  if (port < 1 || port > 65_535) throw new RequestError(`${port} is not a port.`);
  return {
    scheme: lower,
    host: host.toLowerCase(),
    port,
    authority: bytesOf(port === wellKnown ? withoutUser.replace(/:\d+$/, "") : withoutUser),
    target: bytesOf(rest.startsWith("/") ? rest : `/${rest}`),
  } as const;
}

function parseHeader(text: string): RequestHeader {
  const [, name, value] = /^([^:\s]+)\s*:\s*(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new RequestError(`-H "${text}" is not "NAME: VALUE".`);
  return { name: bytesOf(name), value: bytesOf(value) };
}
