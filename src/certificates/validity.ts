import { X509Certificate } from "node:crypto";

export const hour = 60 * 60 * 1000;

/** Valid from an hour ago, for clocks that are behind. */
export function validFor(milliseconds: number, now: Date): { readonly notBefore: Date; readonly notAfter: Date } {
  return { notBefore: new Date(now.getTime() - hour), notAfter: new Date(now.getTime() + milliseconds) };
}

/**
 * When a certificate (PEM) is to be replaced: half-way through its life, so that the other half is there to notice and
 * to mend a renewal that fails.
 *
 * @returns undefined if it is no certificate: replace it now
 */
export function renewalTime(certificate: string): Date | undefined {
  try {
    const { validFrom, validTo } = new X509Certificate(certificate);
    return new Date((Date.parse(validFrom) + Date.parse(validTo)) / 2);
  } catch {
    return undefined;
  }
}
