import "reflect-metadata";
import { randomBytes, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

/** ECDSA on P-256, or RSA of 2048 bits. */
export type KeyType = "ECDSA" | "RSA";

/** Signs certificates of servers, and of clients, for examples and tests. */
export interface CertificateAuthority {
  /** In PEM. */
  readonly certificate: string;
  /** In PEM, PKCS #8. */
  readonly key: string;
  /** A certificate for the names, which are hostnames (perhaps wildcards) or URIs, and its key; in PEM. */
  issue(names: readonly string[], keyType?: KeyType): Promise<{ readonly cert: string; readonly key: string }>;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const rsa = {
  name: "RSASSA-PKCS1-v1_5",
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: "SHA-256",
};
const day = 24 * 60 * 60 * 1000;

x509.cryptoProvider.set(webcrypto);

/** A new authority, valid for a year. */
export async function createAuthority(name = "Gatewright examples"): Promise<CertificateAuthority> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(365),
    name: `CN=${name}`,
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return authority(certificate, keys.privateKey);
}

/**
 * An authority from its PEM files.
 *
 * @throws if they are no certificate and key, or the certificate has less than a month left.
 */
export async function readAuthority(certificatePem: string, keyPem: string): Promise<CertificateAuthority> {
  const certificate = new x509.X509Certificate(certificatePem);
  if (certificate.notAfter.getTime() < Date.now() + 31 * day)
    throw new Error("the authority's certificate is about to expire");
  const der = x509.PemConverter.decodeFirst(keyPem);
  return authority(certificate, await webcrypto.subtle.importKey("pkcs8", der, algorithm, true, ["sign"]));
}

async function authority(issuer: x509.X509Certificate, signingKey: webcrypto.CryptoKey): Promise<CertificateAuthority> {
  return {
    certificate: `${issuer.toString("pem")}\n`,
    key: await exportKey(signingKey),
    issue: async (names, keyType) => {
      const keys = await generateKeys(keyType);
      const certificate = await x509.X509CertificateGenerator.create({
        ...validity(30),
        subject: `CN=${names[0] ?? "localhost"}`,
        issuer: issuer.subject,
        publicKey: keys.publicKey,
        signingKey,
        signingAlgorithm: algorithm,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
          new x509.SubjectAlternativeNameExtension(
            names.map((value) => ({ type: value.includes("://") ? ("url" as const) : ("dns" as const), value })),
          ),
          await x509.AuthorityKeyIdentifierExtension.create(issuer),
        ],
      });
      return { cert: `${certificate.toString("pem")}\n`, key: await exportKey(keys.privateKey) };
    },
  };
}

function validity(days: number): { serialNumber: string; notBefore: Date; notAfter: Date } {
  // The first bit of a serial number is its sign.
  const serialNumber = `01${randomBytes(15).toString("hex")}`;
  return { serialNumber, notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() + days * day) };
}

async function generateKeys(keyType: KeyType = "ECDSA"): Promise<webcrypto.CryptoKeyPair> {
  const chosen = keyType === "RSA" ? rsa : algorithm;
  return await webcrypto.subtle.generateKey(chosen, true, ["sign", "verify"]);
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const body = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", key))
    .toString("base64")
    .replaceAll(/.{64}/g, "$&\n");
  return `-----BEGIN PRIVATE KEY-----\n${body.trimEnd()}\n-----END PRIVATE KEY-----\n`;
}
