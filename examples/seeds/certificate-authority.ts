import { createIssuer, type Issuer, readIssuer } from "../../src/certificates/issuer.ts";
import type { KeyType } from "../../src/certificates/key-pair.ts";
import { hour, validFor } from "../../src/certificates/validity.ts";

/** Signs certificates of servers, and of clients, for examples and tests. */
export interface CertificateAuthority {
  /** In PEM. */
  readonly certificate: string;
  /** In PEM, PKCS #8. */
  readonly key: string;
  /**
   * A certificate for the names, which are hostnames (perhaps wildcards) or URIs, and its key; in PEM. It is valid for 30 days
   * from now, or for the 90 days before it `expires`.
   */
  issue(
    names: readonly string[],
    keyType?: KeyType,
    expires?: Date,
  ): Promise<{ readonly cert: string; readonly key: string }>;
}

const day = 24 * hour;

/** A new authority, valid for a year. */
export async function createAuthority(name = "Gatewright examples"): Promise<CertificateAuthority> {
  return authority(await createIssuer(name, validFor(365 * day, new Date())));
}

/**
 * An authority from its PEM files.
 *
 * @throws if they are no certificate and key, or the certificate has less than a month left.
 */
export async function readAuthority(certificate: string, key: string): Promise<CertificateAuthority> {
  const issuer = await readIssuer({ certificate, key });
  if (issuer.notAfter.getTime() < Date.now() + 31 * day)
    throw new Error("the authority's certificate is about to expire");
  return authority(issuer);
}

function authority(issuer: Issuer): CertificateAuthority {
  return {
    certificate: issuer.certificate,
    key: issuer.key,
    issue: async (names, keyType, expires) => {
      const { certificate, key } = await issuer.issue({
        ...(expires === undefined
          ? validFor(30 * day, new Date())
          : { notBefore: new Date(expires.getTime() - 90 * day), notAfter: expires }),
        subject: [{ CN: [names[0] ?? "localhost"] }],
        ends: ["server", "client"],
        names: names.map((value) => ({ type: value.includes("://") ? "url" : "dns", value })),
        keyType,
      });
      return { cert: certificate, key };
    },
  };
}
