import type { Http2SecureServer, SecureServerOptions } from "node:http2";
import type { SecureContextOptions } from "node:tls";

/** All in PEM. */
export interface ServerIdentity {
  readonly certificate: string;
  readonly key: string;
  /** Who signs the certificates that clients must have. */
  readonly trusted: string;
}

/** TLS with client certificates. A renewed identity is used for new connections; those that are open go on. */
export class MutualTls {
  #context: SecureContextOptions;
  readonly #servers = new Set<Http2SecureServer>();

  constructor(identity: ServerIdentity) {
    this.#context = contextOf(identity);
  }

  get options(): SecureServerOptions {
    return { requestCert: true, rejectUnauthorized: true, minVersion: "TLSv1.3", ...this.#context };
  }

  /** A server that is to be told of renewals, as long as it listens. */
  follow(server: Http2SecureServer): void {
    this.#servers.add(server);
    server.once("close", () => this.#servers.delete(server));
  }

  renew(identity: ServerIdentity): void {
    this.#context = contextOf(identity);
    for (const server of this.#servers) server.setSecureContext({ minVersion: "TLSv1.3", ...this.#context });
  }
}

function contextOf({ certificate, key, trusted }: ServerIdentity): SecureContextOptions {
  return { cert: certificate, key, ca: trusted };
}
