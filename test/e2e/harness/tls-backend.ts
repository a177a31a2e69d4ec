import { once } from "node:events";
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { TestContext } from "node:test";
import { TLSSocket } from "node:tls";

/** What a backend that speaks TLS saw of the connection that a request came on. */
export interface SeenTls {
  readonly service: string;
  readonly path: string;
  readonly httpVersion: string;
  /** SNI; false if the client sent none. */
  readonly serverName: string | false;
  /** Common name of the client's certificate, if it has shown one. */
  readonly client?: string;
  /** Header x-forwarded-client-cert. */
  readonly forwarded?: string;
}

/**
 * A backend that speaks HTTP/1.1 and HTTP/2 over TLS alone, and answers with what it saw. Gone after the test.
 *
 * @param clientAuthority asks clients for a certificate that this authority has signed, and turns away those without
 */
export async function startTlsBackend(
  t: TestContext,
  service: string,
  host: string,
  pair: { readonly cert: string; readonly key: string },
  clientAuthority?: string,
): Promise<number> {
  const clients = clientAuthority === undefined ? {} : { ca: clientAuthority, requestCert: true };
  const answer = (request: Http2ServerRequest, response: Http2ServerResponse) => {
    const { socket } = request.stream?.session ?? request;
    const tls = socket instanceof TLSSocket ? socket : undefined;
    const subject = tls?.getPeerCertificate().subject?.CN;
    const forwarded = request.headers["x-forwarded-client-cert"];
    const seen: SeenTls = {
      service,
      path: request.url,
      httpVersion: request.httpVersion,
      serverName: tls?.servername ?? false,
      ...(typeof subject === "string" ? { client: subject } : {}),
      ...(typeof forwarded === "string" ? { forwarded } : {}),
    };
    response.writeHead(200, { "content-type": request.headers["content-type"] ?? "application/json" });
    response.end(JSON.stringify(seen));
  };
  const server = createSecureServer({ ...pair, ...clients, allowHTTP1: true, minVersion: "TLSv1.3" }, answer);
  server.listen(0, host);
  await once(server, "listening");
  t.after(() => server.close());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the backend has no port");
  return address.port;
}
