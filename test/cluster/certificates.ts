import "reflect-metadata";
import { randomBytes, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

/** A certificate and its key, in PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

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

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const day = 24 * 60 * 60 * 1000;

x509.cryptoProvider.set(webcrypto);

/** A new authority, valid for a year as is all that it issues. */
export async function createAuthority(name: string): Promise<Authority> {
  const keys = await generateKeys();
  const issuer = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(),
    name: [{ CN: [name] }],
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  return {
    certificate: pem(issuer.toString("pem")),
    issue: async (subject) => {
      const own = await generateKeys();
      const certificate = await x509.X509CertificateGenerator.create({
        ...validity(),
        subject: distinguishedName(subject),
        issuer: issuer.subject,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
        extensions: extensions(subject),
      });
      return { certificate: pem(certificate.toString("pem")), key: await privateKey(own) };
    },
  };
}

/** A key that signs service-account tokens, and the half that checks them; in PEM. */
export async function signingKey(): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
  const keys = await generateKeys();
  const spki = await webcrypto.subtle.exportKey("spki", keys.publicKey);
  return {
    privateKey: await privateKey(keys),
    publicKey: pem(x509.PemConverter.encode(spki, "PUBLIC KEY")),
  };
}

function distinguishedName(subject: Subject): x509.JsonName {
  if ("server" in subject) return [{ CN: [subject.server] }];
  return [...(subject.groups ?? []).map((group) => ({ O: [group] })), { CN: [subject.user] }];
}

function extensions(subject: Subject): x509.Extension[] {
  const usage = new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true);
  if ("user" in subject) return [usage, new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])];
  return [
    usage,
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    new x509.SubjectAlternativeNameExtension([
      ...subject.addresses.map((value) => ({ type: "ip" as const, value })),
      ...subject.hostnames.map((value) => ({ type: "dns" as const, value })),
    ]),
  ];
}

function validity(): { serialNumber: string; notBefore: Date; notAfter: Date } {
  // The first bit of a serial number is its sign.
  const serialNumber = `01${randomBytes(15).toString("hex")}`;
  return { serialNumber, notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() + 365 * day) };
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

async function privateKey(keys: webcrypto.CryptoKeyPair): Promise<string> {
  return pem(x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY"));
}

function pem(text: string): string {
  return `${text.trimEnd()}\n`;
}
