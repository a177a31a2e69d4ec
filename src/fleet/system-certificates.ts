import { readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";

/** Where systems keep the authorities that they trust, the most common first (as Go's crypto/x509 looks for them). */
const files = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/tls/cacert.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/**
 * The authorities that this machine trusts, in PEM: the file that SSL_CERT_FILE names, or else the system's, or else
 * those that come with Node (Mozilla's). Undefined if SSL_CERT_FILE names a file that can't be read.
 *
 * They are delivered to the proxies, so that these need none of their own.
 */
export function readSystemCertificates(
  chosen = process.env["SSL_CERT_FILE"],
  candidates: readonly string[] = files,
): string | undefined {
  if (chosen !== undefined && chosen !== "") return read(chosen);
  for (const file of candidates) {
    const text = read(file);
    if (text !== undefined) return text;
  }
  return rootCertificates.join("\n");
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
