import type { SecureContextOptions } from "node:tls";
import { ServerCredentials } from "@grpc/grpc-js";

/** All in PEM. */
export interface ServerIdentity {
  readonly certificate: string;
  readonly key: string;
  /** Who signs the certificates that clients must have. */
  readonly trusted: string;
}

/** TLS with client certificates. A renewed identity is used for new connections; those that are open go on. */
export class MutualTls extends ServerCredentials {
  constructor(identity: ServerIdentity) {
    super({ requestCert: true, rejectUnauthorized: true, minVersion: "TLSv1.3" }, contextOf(identity));
  }

  renew(identity: ServerIdentity): void {
    this.updateSecureContextOptions(contextOf(identity));
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

function contextOf({ certificate, key, trusted }: ServerIdentity): SecureContextOptions {
  return { cert: certificate, key, ca: trusted };
}
