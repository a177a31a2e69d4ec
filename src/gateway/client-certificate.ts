import type { Reader } from "../collections/collection.ts";
import type { Gateway } from "../resources/generated/gateway-api.ts";
import type { Origin } from "../resources/origin.ts";
import { type CertificateContext, resolveCertificate } from "./certificate.ts";
import { listenerParent, referrer } from "./listener-parent.ts";
import type { Problem } from "./problem.ts";
import { gatewayGroup } from "./route-kind.ts";

/** The certificate that a Gateway shows to its backends: the key of its Secret, or why there is none. */
export type ClientCertificate =
  | { readonly secret: string; readonly problem?: undefined }
  | { readonly secret?: undefined; readonly problem: Problem };

/**
 * Gateway API, GatewayBackendTLS.clientCertificateRef: a Secret, in another namespace only with a ReferenceGrant. One that
 * can't be used makes the Gateway's ResolvedRefs False (InvalidClientCertificateRef), and nothing else: backends that
 * insist on a certificate refuse the connection themselves.
 *
 * @returns undefined for a Gateway that names none
 */
export function clientCertificate(
  gateway: Gateway,
  reader: Reader,
  context: CertificateContext,
): ClientCertificate | undefined {
  const reference = gateway.spec.tls?.backend?.clientCertificateRef;
  if (reference === undefined) return undefined;
  const { name, namespace = "default" } = gateway.metadata;
  const origin: Origin = {
    resource: { group: gatewayGroup, kind: "Gateway", namespace, name },
    path: ["spec", "tls", "backend", "clientCertificateRef"],
  };
  const found = resolveCertificate(reader, context, referrer(listenerParent("Gateway", gateway)), reference, origin);
  if (typeof found === "string") return { secret: found };
  const invalid = found.reason === "InvalidCertificateRef";
  return { problem: invalid ? { ...found, reason: "InvalidClientCertificateRef" } : found };
}
