import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

/** A certificate and its key, in PEM; the key in PKCS #8. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** ECDSA on P-256, or RSA of 2048 bits. */
export type KeyType = "ECDSA" | "RSA";

/** With which everything is signed. */
export const ecdsa = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const rsa = {
  name: "RSASSA-PKCS1-v1_5",
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: "SHA-256",
} as const;

x509.cryptoProvider.set(webcrypto);

export async function generateKeys(keyType: KeyType = "ECDSA"): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(keyType === "RSA" ? rsa : ecdsa, true, ["sign", "verify"]);
}

/** A private key in PEM, PKCS #8; a public one as SubjectPublicKeyInfo. */
export async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const [format, label] =
    key.type === "private" ? (["pkcs8", "PRIVATE KEY"] as const) : (["spki", "PUBLIC KEY"] as const);
  return `${x509.PemConverter.encode(await webcrypto.subtle.exportKey(format, key), label)}\n`;
}

/**
 * A private ECDSA key that {@link exportKey} wrote.
 *
 * @throws if it is none
 */
export async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  return await webcrypto.subtle.importKey("pkcs8", x509.PemConverter.decodeFirst(pem), ecdsa, true, ["sign"]);
}
