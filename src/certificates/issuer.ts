import "reflect-metadata";
import { randomBytes, type webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { ecdsa, exportKey, generateKeys, importKey, type KeyPair, type KeyType } from "./key-pair.ts";

/** When a certificate is valid. */
export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** A certificate to be signed. */
export interface CertificateRequest extends Validity {
  readonly subject: x509.JsonName;
  readonly ends: readonly ("server" | "client")[];
  readonly names: readonly x509.JsonGeneralName[];
  readonly keyType?: KeyType | undefined;
}

/** A certificate that signs others, and its key. */
export interface Issuer extends KeyPair {
  readonly notAfter: Date;
  /** A certificate of a key of its own. */
  issue(request: CertificateRequest): Promise<KeyPair>;
}

/** A new issuer, which signs itself and nobody who signs. */
export async function createIssuer(name: string, { notBefore, notAfter }: Validity): Promise<Issuer> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    notBefore,
    notAfter,
    name: [{ CN: [name] }],
    keys,
    signingAlgorithm: ecdsa,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return await issuer(certificate, keys.privateKey);
}

/**
 * An issuer that {@link createIssuer} made, read again.
 *
 * @throws if it is no certificate with its key
 */
export async function readIssuer({ certificate, key }: KeyPair): Promise<Issuer> {
  return await issuer(new x509.X509Certificate(certificate), await importKey(key));
}

async function issuer(own: x509.X509Certificate, signingKey: webcrypto.CryptoKey): Promise<Issuer> {
  return {
    certificate: pem(own),
    key: await exportKey(signingKey),
    notAfter: own.notAfter,
    issue: async ({ notBefore, notAfter, subject, ends, names, keyType }) => {
      const keys = await generateKeys(keyType);
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: serialNumber(),
        notBefore,
        notAfter,
        subject,
        issuer: own.subject,
        publicKey: keys.publicKey,
        signingKey,
        signingAlgorithm: ecdsa,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension(ends.map((end) => x509.ExtendedKeyUsage[`${end}Auth`])),
          ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension([...names])]),
          await x509.AuthorityKeyIdentifierExtension.create(own),
        ],
      });
      return { certificate: pem(certificate), key: await exportKey(keys.privateKey) };
    },
  };
}

/** The first bit of a serial number is its sign. */
function serialNumber(): string {
  return `01${randomBytes(15).toString("hex")}`;
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString("pem")}\n`;
}
