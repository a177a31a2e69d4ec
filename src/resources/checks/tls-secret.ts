import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import type { Secret } from "../generated/core.ts";
import { type Mistake, mistake, warning } from "../mistake.ts";
import type { FieldPath } from "../origin.ts";
import { isBase64 } from "./secret-data.ts";

/**
 * Key pairs (Secrets of type kubernetes.io/tls) that no listener can serve: no certificate, no key, or a key that
 * belongs to another certificate. A certificate that is out of date is served, with a warning.
 */
export function checkTlsSecret(secret: Secret, now = new Date()): readonly Mistake[] {
  if (secret.type !== "kubernetes.io/tls") return [];
  const certificate = readPem(secret, "tls.crt", (pem) => new X509Certificate(pem), "a certificate");
  const key = readPem(secret, "tls.key", createPrivateKey, "a private key");
  const mistakes = [...certificate.mistakes, ...key.mistakes];
  if (certificate.value === undefined) return mistakes;
  return [
    ...mistakes,
    ...keyMistakes(certificate.value, key.value, key.path),
    ...dateMistakes(certificate.value, certificate.path, now),
  ];
}

interface Read<T> {
  readonly value?: T;
  readonly path: FieldPath;
  readonly mistakes: readonly Mistake[];
}

function readPem<T>(secret: Secret, name: string, parse: (pem: string) => T, what: string): Read<T> {
  const plain = secret.stringData?.[name];
  const encoded = secret.data?.[name];
  const path = [plain === undefined ? "data" : "stringData", name];
  if (plain === undefined && encoded === undefined) {
    const message = `A Secret of type kubernetes.io/tls needs ${name} in its data.`;
    return { path, mistakes: [mistake("missing-field", secret.data === undefined ? [] : ["data"], message)] };
  }
  if (plain === undefined && !isBase64(encoded ?? "")) return { path, mistakes: [] };
  const pem = plain ?? Buffer.from(encoded ?? "", "base64").toString();
  try {
    return { value: parse(pem), path, mistakes: [] };
  } catch {
    return {
      path,
      mistakes: [
        mistake("invalid-certificate", path, `${path.join(".")} is not ${what} in PEM.`, remedyFor(pem, name)),
      ],
    };
  }
}

function remedyFor(pem: string, name: string): string | undefined {
  if (pem.startsWith("LS0tLS1"))
    return "It is base64 twice: encode it once under data, or write the PEM under stringData.";
  const holdsKey = pem.includes("PRIVATE KEY-----");
  const holdsCertificate = pem.includes("BEGIN CERTIFICATE-----");
  if (name === "tls.crt" && holdsKey) return "It is a private key: tls.crt and tls.key may have been swapped.";
  if (name === "tls.key" && holdsCertificate) return "It is a certificate: tls.crt and tls.key may have been swapped.";
  return pem.includes("ENCRYPTED") ? "Decrypt it: openssl pkey -in KEY -out tls.key." : undefined;
}

function keyMistakes(certificate: X509Certificate, key: KeyObject | undefined, path: FieldPath): readonly Mistake[] {
  if (key === undefined || certificate.checkPrivateKey(key)) return [];
  const message = `${path.join(".")} does not belong to the certificate in tls.crt (${nameOf(certificate)}).`;
  return [mistake("invalid-certificate", path, message, "In a chain, the server's own certificate comes first.")];
}

function dateMistakes(certificate: X509Certificate, path: FieldPath, now: Date): readonly Mistake[] {
  if (new Date(certificate.validTo) < now) {
    const message = `The certificate of ${nameOf(certificate)} expired on ${day(certificate.validTo)}.`;
    return [warning("expired-certificate", path, message, "Renew it; clients refuse it.")];
  }
  if (new Date(certificate.validFrom) <= now) return [];
  return [
    warning(
      "expired-certificate",
      path,
      `The certificate of ${nameOf(certificate)} is valid only from ${day(certificate.validFrom)} on.`,
    ),
  ];
}

function nameOf({ subjectAltName, subject }: X509Certificate): string {
  return (subjectAltName ?? subject ?? "").replaceAll(/(?:DNS|IP Address):/g, "").replaceAll("\n", ", ");
}

function day(date: string): string {
  return new Date(date).toISOString().slice(0, 10);
}
