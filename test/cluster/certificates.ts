import { createIssuer } from "../../src/certificates/issuer.ts";
import { exportKey, generateKeys, type KeyPair } from "../../src/certificates/key-pair.ts";
import { hour, validFor } from "../../src/certificates/validity.ts";

/** Who a certificate is for. */
export type Subject =
  /** A user of the API server: its groups are the subject's organizations. */
  | { readonly user: string; readonly groups?: readonly string[] }
  | { readonly server: string; readonly addresses: readonly string[]; readonly hostnames: readonly string[] };

/** The authority of one cluster. */
export interface Authority {
  readonly certificate: string;
  issue(subject: Subject): Promise<KeyPair>;
}

/** A new authority, valid for a year as is all that it issues. */
export async function createAuthority(name: string): Promise<Authority> {
  const validity = validFor(365 * 24 * hour, new Date());
  const issuer = await createIssuer(name, validity);
  return {
    certificate: issuer.certificate,
    issue: async (subject) =>
      "user" in subject
        ? await issuer.issue({
            ...validity,
            subject: [...(subject.groups ?? []).map((group) => ({ O: [group] })), { CN: [subject.user] }],
            ends: ["client"],
            names: [],
          })
        : await issuer.issue({
            ...validity,
            subject: [{ CN: [subject.server] }],
            ends: ["server"],
            names: [
              ...subject.addresses.map((value) => ({ type: "ip" as const, value })),
              ...subject.hostnames.map((value) => ({ type: "dns" as const, value })),
            ],
          }),
  };
}

/** A key that signs service-account tokens, and the half that checks them; in PEM. */
export async function signingKey(): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
  const keys = await generateKeys();
  return { privateKey: await exportKey(keys.privateKey), publicKey: await exportKey(keys.publicKey) };
}
