import { generateKeyPairSync } from "node:crypto";
import { createAuthority } from "../../../examples/seeds/certificate-authority.ts";

/**
 * Puts real key pairs, made for this run, where a text says `${certificate HOST}` and `${key HOST}`, so that the
 * repository holds no key. Equal hosts have equal pairs within a text. `${key other}` belongs to no certificate.
 */
export async function withKeyPairs(text: string): Promise<string> {
  const hosts = new Set([...text.matchAll(placeholder)].map(([, , host = ""]) => host));
  if (hosts.size === 0) return text;
  const authority = await createAuthority();
  const pairs = new Map(
    await Promise.all([...hosts].map(async (host) => [host, await authority.issue([host])] as const)),
  );
  const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  return text.replace(placeholder, (_, part: string, host: string) => {
    if (host === "other") return JSON.stringify(other.export({ type: "pkcs8", format: "pem" }));
    const pair = pairs.get(host);
    return JSON.stringify(part === "key" ? pair?.key : pair?.cert);
  });
}

const placeholder = /\$\{(certificate|key) ([^}]+)\}/g;
