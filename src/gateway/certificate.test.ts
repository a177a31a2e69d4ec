import { equal, match } from "node:assert/strict";
import { generateKeyPairSync, webcrypto } from "node:crypto";
import { describe, test } from "node:test";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { createAuthority } from "../../examples/seeds/certificate-authority.ts";
import { readKeyPair } from "./certificate.ts";

const authority = await createAuthority();
const { cert, key } = await authority.issue(["a.example.com"]);

function problem(certificate: string | undefined, privateKey: string | undefined): string | undefined {
  const stringData = {
    ...(certificate === undefined ? {} : { "tls.crt": certificate }),
    ...(privateKey === undefined ? {} : { "tls.key": privateKey }),
  };
  return readKeyPair({ apiVersion: "v1", kind: "Secret", metadata: { name: "a" }, type: "Opaque", stringData }).problem;
}

async function selfSigned(algorithm: RsaHashedKeyGenParams): Promise<readonly [string, string]> {
  x509.cryptoProvider.set(webcrypto);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({ keys, signingAlgorithm: algorithm });
  const exported = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return [certificate.toString("pem"), x509.PemConverter.encode(exported, "PRIVATE KEY")];
}

interface RsaHashedKeyGenParams {
  readonly name: "RSASSA-PKCS1-v1_5";
  readonly hash: "SHA-256";
  readonly publicExponent: Uint8Array<ArrayBuffer>;
  readonly modulusLength: number;
}

const rsa = (modulusLength: number): RsaHashedKeyGenParams => ({
  name: "RSASSA-PKCS1-v1_5",
  hash: "SHA-256",
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength,
});

describe("readKeyPair", () => {
  test("a pair, and one with its issuer", () => {
    equal(problem(cert, key), undefined);
    equal(problem(`${cert}\n${authority.certificate}`, key), undefined);
  });

  test("data is base64", () => {
    const data = { "tls.crt": Buffer.from(cert).toString("base64"), "tls.key": Buffer.from(key).toString("base64") };
    equal(
      readKeyPair({ apiVersion: "v1", kind: "Secret", metadata: { name: "a" }, type: "Opaque", data }).problem,
      undefined,
    );
  });

  test("RSA keys of 2048 bits are served, shorter ones are not", async () => {
    equal(problem(...(await selfSigned(rsa(2048)))), undefined);
    match(problem(...(await selfSigned(rsa(1024)))) ?? "", /RSA of 1024 bits/);
  });

  const broken = "-----BEGIN CERTIFICATE-----\nZm9v\n-----END CERTIFICATE-----\n";
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const other = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const locked = privateKey
    .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" })
    .toString();
  for (const [name, certificate, keyText, expected] of [
    ["no certificate", undefined, key, /has no tls.crt/],
    ["no key", cert, undefined, /has no tls.key/],
    ["no PEM", "hello", key, /tls.crt is not a certificate/],
    ["no certificate in PEM", broken, key, /tls.crt is not a certificate/],
    ["a broken chain", `${cert}\n${broken}`, key, /after the first/],
    ["another's key", cert, other, /does not belong/],
    ["a locked key", cert, locked, /not an unencrypted private key/],
    ["no key in PEM", cert, "world", /not an unencrypted private key/],
  ] as const) {
    test(name, () => match(problem(certificate, keyText) ?? "", expected));
  }
});
