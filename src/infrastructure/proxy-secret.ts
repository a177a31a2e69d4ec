import { X509Certificate } from "node:crypto";
import type { Authority } from "../certificates/authority.ts";
import type { KeyPair } from "../certificates/key-pair.ts";
import { proxyUri } from "../certificates/proxy-identity.ts";
import { renewalTime } from "../certificates/validity.ts";
import type { Fleet } from "./fleet.ts";
import type { Manifest } from "./manifest.ts";

/** Not `kubernetes.io/tls`: those are people's own. */
export const proxySecretType = "gatewright.dev/proxy-certificate";

/** The Secret with which proxies show who they are. Its keys are those of cert-manager. */
export function proxySecret({ metadata }: Fleet, { certificate, key }: KeyPair, trusted: string): Manifest {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata,
    type: proxySecretType,
    data: { "tls.crt": base64(certificate), "tls.key": base64(key), "ca.crt": base64(trusted) },
  };
}

/**
 * The key pair in a Secret that {@link proxySecret} made, if it will do: of this authority, with this proxy's name, and in
 * the first half of its life.
 */
export function usableKeyPair(data: unknown, authority: Authority, proxy: string, now: Date): KeyPair | undefined {
  const [certificate, key] = ["tls.crt", "tls.key"].map((name) => decoded(data, name));
  if (certificate === undefined || key === undefined) return undefined;
  const renewal = renewalTime(certificate);
  if (renewal === undefined || renewal <= now) return undefined;
  const parsed = new X509Certificate(certificate);
  const signed = parsed.verify(new X509Certificate(authority.certificate).publicKey);
  return signed && parsed.subjectAltName === `URI:${proxyUri(proxy)}` ? { certificate, key } : undefined;
}

function decoded(data: unknown, name: string): string | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const value: unknown = Object.entries(data).find(([key]) => key === name)?.[1];
  return typeof value === "string" ? Buffer.from(value, "base64").toString("utf8") : undefined;
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
