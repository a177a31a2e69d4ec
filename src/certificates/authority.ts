import { createIssuer, type Issuer, readIssuer } from "./issuer.ts";
import type { KeyPair } from "./key-pair.ts";
import { hour, validFor } from "./validity.ts";

/** Who a certificate is for: one name, and which end of a connection. */
export type Subject =
  | { readonly end: "server"; readonly dnsNames: readonly string[] }
  | { readonly end: "client"; readonly uri: string };

/** Signs the certificates with which the control plane and its proxies know each other. */
export interface Authority extends KeyPair {
  /** Every certificate to be trusted now, in PEM: this authority's, and that of the one that it succeeds. */
  readonly trusted: string;
  issue(subject: Subject, now?: Date): Promise<KeyPair>;
}

const authorityHours = 10 * 365 * 24;
const leafHours = 30 * 24;

/** A new authority, valid for ten years. It goes on trusting what `predecessor` signed. */
export async function createAuthority(now = new Date(), predecessor?: Authority): Promise<Authority> {
  // Names are compared without regard to case: it must differ from every subject, or a leaf reads as self-signed.
  const issuer = await createIssuer("Gatewright authority", validFor(authorityHours * hour, now));
  return authority(issuer, issuer.certificate + (predecessor?.certificate ?? ""));
}

/**
 * An authority that {@link createAuthority} made, read again.
 *
 * @throws if it is no certificate with its key
 */
export async function readAuthority({ trusted, ...pair }: KeyPair & { trusted: string }): Promise<Authority> {
  return authority(await readIssuer(pair), trusted);
}

function authority(issuer: Issuer, trusted: string): Authority {
  const { certificate, key } = issuer;
  return {
    certificate,
    key,
    trusted,
    issue: async (subject, now = new Date()) =>
      await issuer.issue({
        ...validFor(leafHours * hour, now),
        // A common name is bounded to 64 characters, which names of Gateways are not.
        subject: [{ CN: [subject.end === "server" ? "gatewright" : "gatewright-proxy"] }],
        ends: [subject.end],
        names:
          subject.end === "server"
            ? subject.dnsNames.map((value) => ({ type: "dns", value }))
            : [{ type: "url", value: subject.uri }],
      }),
  };
}
