import { createPrivateKey, type KeyObject } from "node:crypto";
import type { Collection, Reader } from "../collections/collection.ts";
import type { TlsCertificate } from "../ir/certificate.ts";
import type { Secret } from "../resources/generated/core.ts";
import type { SecretObjectReference } from "../resources/generated/gateway-api.ts";
import type { Origin, ResourceReference } from "../resources/origin.ts";
import type { Problem } from "./problem.ts";
import {
  type GrantsByNamespace,
  mayRefer,
  missingGrant,
  missingGrantReference,
  type Referrer,
} from "./reference-grant.ts";
import { pemCertificates, readCertificate } from "./x509.ts";

/** A key pair in PEM, or why a Secret holds none that can be served. */
export type KeyPair =
  | { readonly certificateChain: string; readonly privateKey: string; readonly problem?: undefined }
  | { readonly problem: string };

/**
 * Reads the key pair of a Secret as kubernetes.io/tls lays it down: `tls.crt` and `tls.key`, which must belong together.
 *
 * What Envoy would refuse is refused here, since one certificate that it refuses would hold back others.
 */
export function readKeyPair(secret: Secret): KeyPair {
  const certificateChain = dataOf(secret, "tls.crt");
  const privateKey = dataOf(secret, "tls.key");
  if (certificateChain === undefined) return { problem: "it has no tls.crt" };
  if (privateKey === undefined) return { problem: "it has no tls.key" };
  const [certificate, ...chain] = pemCertificates(certificateChain).map(readCertificate);
  if (certificate === undefined) return { problem: "tls.crt is not a certificate in PEM" };
  if (typeof certificate === "string")
    return { problem: `tls.crt is not a certificate that can be served: it ${certificate}` };
  const broken = chain.find((one) => typeof one === "string");
  if (broken !== undefined) return { problem: `one of the certificates after the first in tls.crt ${broken}` };
  const weakness = unfitKey(certificate.publicKey);
  if (weakness !== undefined) return { problem: `the key of its certificate is ${weakness}` };
  try {
    if (!certificate.checkPrivateKey(createPrivateKey(privateKey))) {
      return { problem: "tls.key does not belong to the certificate in tls.crt" };
    }
  } catch {
    return { problem: "tls.key is not an unencrypted private key in PEM" };
  }
  return { certificateChain, privateKey };
}

/** Why Envoy would not serve with such a key. */
function unfitKey({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string | undefined {
  const { modulusLength = 0, namedCurve = "" } = asymmetricKeyDetails ?? {};
  switch (asymmetricKeyType) {
    case "rsa":
      return modulusLength < 2048 ? `RSA of ${modulusLength} bits; Envoy serves 2048 and more` : undefined;
    case "ec":
      return curves.includes(namedCurve) ? undefined : `on curve ${namedCurve}; Envoy serves P-256, P-384 and P-521`;
    case "ed25519":
      return undefined;
    default:
      return `of type ${asymmetricKeyType ?? "unknown"}; Envoy serves RSA, ECDSA and Ed25519`;
  }
}

const curves = ["prime256v1", "secp384r1", "secp521r1"];

function dataOf(secret: Secret, name: string): string | undefined {
  const plain = secret.stringData?.[name];
  if (plain !== undefined) return plain;
  const encoded = secret.data?.[name];
  return encoded === undefined ? undefined : Buffer.from(encoded, "base64").toString("utf8");
}

/** Name under which a Secret's key pair is delivered. */
export function certificateName(secretKey: string): string {
  return `Secret/${secretKey}`;
}

/** Key of the Secret that is delivered under a name. */
export function secretOf(name: string): string {
  return name.replace(/^Secret\//, "");
}

export function certificateOf(proxy: string, secretKey: string, pair: KeyPair | undefined): TlsCertificate | undefined {
  if (pair === undefined || pair.problem !== undefined) return undefined;
  return {
    proxy,
    name: certificateName(secretKey),
    certificateChain: pair.certificateChain,
    privateKey: pair.privateKey,
  };
}

export interface ResolvedCertificates {
  /** Keys of the Secrets that can be served. */
  readonly secrets: readonly string[];
  /** The references that can't be used. */
  readonly problems: readonly Problem[];
}

/**
 * Gateway API, ListenerTLSConfig.certificateRefs: Secrets, in another namespace only with a ReferenceGrant. A reference
 * that can't be used makes ResolvedRefs False and leaves the other certificates in service.
 */
export function resolveCertificates(
  reader: Reader,
  { validity, grants }: CertificateContext,
  from: Referrer,
  references: readonly SecretObjectReference[],
  origin: Origin,
): ResolvedCertificates {
  const resolved = references.map((reference, index) =>
    resolveCertificate(reader, { validity, grants }, from, reference, {
      ...origin,
      path: [...origin.path, "tls", "certificateRefs", index],
    }),
  );
  return {
    secrets: resolved.flatMap((result) => (typeof result === "string" ? [result] : [])),
    problems: resolved.flatMap((result) => (typeof result === "string" ? [] : [result])),
  };
}

export interface CertificateContext {
  /** "valid", or why not, for every Secret that is named as a key pair. */
  readonly validity: Collection<string>;
  readonly grants: GrantsByNamespace;
}

/** The Secret's key, or the problem. */
export function resolveCertificate(
  reader: Reader,
  { validity, grants }: CertificateContext,
  from: Referrer,
  reference: SecretObjectReference,
  origin: Origin,
): string | Problem {
  const namespace = reference.namespace ?? from.namespace;
  const invalid = (message: string, missing?: ResourceReference): Problem => ({
    reason: "InvalidCertificateRef",
    message,
    origin,
    ...(missing === undefined ? {} : { missing }),
  });
  if (reference.group !== "" || reference.kind !== "Secret") {
    return invalid(`Certificates come from Secrets, not from ${reference.kind} of group "${reference.group}".`);
  }
  const to = { group: "", kind: "Secret", namespace, name: reference.name };
  if (!mayRefer(reader, grants, from, to)) {
    return { reason: "RefNotPermitted", message: missingGrant(from, to), origin, missing: missingGrantReference(to) };
  }
  const key = `${namespace}/${reference.name}`;
  const state = reader.fetch(validity, key);
  if (state === undefined) return invalid(`There is no Secret ${key}.`, to);
  return state === "valid" ? key : invalid(`Secret ${key} can't be served: ${state}.`);
}
