import "reflect-metadata";
import { randomBytes, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { hour, validFor } from "./validity.ts";

/** A certificate and its key, in PEM; the key in PKCS #8. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

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

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const authorityHours = 10 * 365 * 24;
const leafHours = 30 * 24;

x509.cryptoProvider.set(webcrypto);

/** A new authority, valid for ten years. It goes on trusting what `predecessor` signed. */
export async function createAuthority(now = new Date(), predecessor?: Authority): Promise<Authority> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    ...validFor(authorityHours * hour, now),
    // Names are compared without regard to case: it must differ from every subject, or a leaf reads as self-signed.
    name: "CN=Gatewright authority",
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const trusted = `${certificate.toString("pem")}\n${predecessor?.certificate ?? ""}`;
  return authority(certificate, keys.privateKey, trusted);
}

/**
 * An authority that {@link createAuthority} made, read again.
 *
 * @throws if it is no certificate with its key
 */
export async function readAuthority({ certificate, key, trusted }: KeyPair & { trusted: string }): Promise<Authority> {
  const parsed = new x509.X509Certificate(certificate);
  const der = x509.PemConverter.decodeFirst(key);
  const signingKey = await webcrypto.subtle.importKey("pkcs8", der, algorithm, true, ["sign"]);
  return authority(parsed, signingKey, trusted);
}

async function authority(
  issuer: x509.X509Certificate,
  signingKey: webcrypto.CryptoKey,
  trusted: string,
): Promise<Authority> {
  return {
    certificate: `${issuer.toString("pem")}\n`,
    key: await exportKey(signingKey),
    trusted,
    issue: async (subject, now = new Date()) => {
      const keys = await generateKeys();
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: serialNumber(),
        ...validFor(leafHours * hour, now),
        // A common name is bounded to 64 characters, which names of Gateways are not.
        subject: subject.end === "server" ? "CN=gatewright" : "CN=gatewright-proxy",
        issuer: issuer.subject,
        publicKey: keys.publicKey,
        signingKey,
        signingAlgorithm: algorithm,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([
            subject.end === "server" ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth,
          ]),
          new x509.SubjectAlternativeNameExtension(
            subject.end === "server"
              ? subject.dnsNames.map((value) => ({ type: "dns" as const, value }))
              : [{ type: "url", value: subject.uri }],
          ),
          await x509.AuthorityKeyIdentifierExtension.create(issuer),
        ],
      });
      return { certificate: `${certificate.toString("pem")}\n`, key: await exportKey(keys.privateKey) };
    },
  };
}

/** The first bit of a serial number is its sign. */
function serialNumber(): string {
  return `01${randomBytes(15).toString("hex")}`;
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), x509.PemConverter.PrivateKeyTag)}\n`;
}
