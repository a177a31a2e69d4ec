import { createHash } from "node:crypto";

/** Whose objects are Gatewright's: they have this label, and no others are watched, changed or deleted. */
export const managedBy = { "app.kubernetes.io/managed-by": "gatewright" } as const;

const longest = 63;

/**
 * A name of at most 63 characters, which differs for different texts: one that is too long ends in a hash.
 *
 * @example boundedName("a-gateway")  // "a-gateway"
 */
export function boundedName(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 9)}-${shortHash(text)}`;
}

/**
 * The name of what is made for a Gateway: GEP-1762 asks for `<gateway>-<class>`.
 *
 * Gateways may have longer names than Services, with dots, and with a digit in front: those get a hash.
 *
 * @example baseName("edge.public", "gatewright")  // "edge-public-gatewright-5f0c1ab2"
 */
export function baseName(gateway: string, gatewayClass: string): string {
  const wanted = `${gateway}-${gatewayClass}`;
  const label = wanted.replaceAll(".", "-").replace(/^(?=[0-9])/, "gateway-");
  return label === wanted ? boundedName(wanted) : boundedName(`${label.slice(0, longest - 9)}-${shortHash(wanted)}`);
}

/** Of one of several objects that differ by something that is no name: an address, for example. */
export function numberedName(base: string, distinction: string): string {
  return `${base.slice(0, longest - 9).replace(/-+$/, "")}-${shortHash(distinction)}`;
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}
