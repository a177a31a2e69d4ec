import type { ClusterTrustBundle, ConfigMap, Secret } from "../resources/generated/core.ts";
import { pemCertificates, readCertificate } from "./x509.ts";

/** Certificates of authorities in PEM, or why an object holds none that can be used. */
export type TrustAnchors =
  | { readonly certificates: string; readonly problem?: undefined }
  | { readonly problem: string };

/** Gateway API, caCertificateRefs: a ConfigMap or a Secret has its certificates in a key named `ca.crt`. */
export function anchorsOfData({ data, ...object }: ConfigMap | Secret): TrustAnchors {
  const text =
    object.kind === "ConfigMap"
      ? (data?.["ca.crt"] ?? decoded(object.binaryData?.["ca.crt"]))
      : (object.stringData?.["ca.crt"] ?? decoded(data?.["ca.crt"]));
  return text === undefined ? { problem: "it has no key ca.crt" } : readTrustAnchors(text, "ca.crt");
}

/** Kubernetes, ClusterTrustBundle.spec.trustBundle. */
export function anchorsOfBundle({ spec }: ClusterTrustBundle): TrustAnchors {
  return readTrustAnchors(spec.trustBundle, "spec.trustBundle");
}

function decoded(base64: string | undefined): string | undefined {
  return base64 === undefined ? undefined : Buffer.from(base64, "base64").toString("utf8");
}

/**
 * The certificates of a PEM bundle, each once, without what is written between them.
 *
 * One that can't be read makes the whole unusable, since Envoy would refuse it.
 */
export function readTrustAnchors(text: string, field: string): TrustAnchors {
  const blocks = [...new Set(pemCertificates(text))];
  if (blocks.length === 0) return { problem: `${field} holds no certificate in PEM` };
  for (const [index, block] of blocks.entries()) {
    const read = readCertificate(block);
    if (typeof read === "string")
      return { problem: `certificate ${index + 1} of ${blocks.length} in ${field} ${read}` };
  }
  return { certificates: `${blocks.join("\n")}\n` };
}
