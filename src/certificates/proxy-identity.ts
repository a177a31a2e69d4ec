import type { PeerCertificate } from "node:tls";

/**
 * The name in the client certificate of a proxy: a SPIFFE ID, so that other tools can read it.
 *
 * @example proxyUri("edge/public")  // "spiffe://gatewright.dev/proxy/edge/public"
 */
export function proxyUri(proxy: string): string {
  return `spiffe://gatewright.dev/proxy/${proxy}`;
}

/** Whether a verified client certificate belongs to a proxy: it has that proxy's name, and no other. */
export function isProxy(certificate: PeerCertificate | undefined, proxy: string): boolean {
  return certificate?.subjectaltname === `URI:${proxyUri(proxy)}`;
}
