import { generateKeyPairSync } from "node:crypto";
import { type CertificateAuthority, createAuthority } from "../../../examples/seeds/certificate-authority.ts";

/**
 * Puts real key pairs, made for this run, where a text says `${certificate HOST}` and `${key HOST}`, so that the
 * repository holds no key. Equal hosts have equal pairs within a text. `${key other}` belongs to no certificate.
 * `${certificate HOST until 2021-01-01}` expires on that day. `${base64 …}` writes either as `data` of a Secret has it.
 * `${authority NAME}` is the certificate of an authority of that name, which has signed none of the pairs.
 */
export async function withKeyPairs(text: string): Promise<string> {
  const found = [...text.matchAll(placeholder)].map(([, , part = "", name = ""]) => ({ part, name }));
  if (found.length === 0) return text;
  const hosts = new Set(found.filter(({ part }) => part !== "authority").map(({ name }) => name));
  const names = new Set(found.filter(({ part }) => part === "authority").map(({ name }) => name));
  const authorities = new Map(
    await Promise.all([...names].map(async (name) => [name, (await createAuthority(name)).certificate] as const)),
  );
  const authority = await createAuthority();
  const pairs = new Map(
    await Promise.all([...hosts].map(async (host) => [host, await issue(authority, host)] as const)),
  );
  const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const pemOf = (part: string, host: string): string => {
    if (part === "authority") return authorities.get(host) ?? "";
    if (host === "other") return other.export({ type: "pkcs8", format: "pem" }).toString();
    const pair = pairs.get(host);
    return (part === "key" ? pair?.key : pair?.cert) ?? "";
  };
  return text.replace(placeholder, (_, base64: string | undefined, part: string, host: string) => {
    const pem = pemOf(part, host);
    return JSON.stringify(base64 === undefined ? pem : Buffer.from(pem).toString("base64"));
  });
}

function issue(authority: CertificateAuthority, name: string): ReturnType<CertificateAuthority["issue"]> {
  const [host = "", expires] = name.split(" until ");
  return authority.issue([host], "ECDSA", expires === undefined ? undefined : dateOf(expires));
}

/** `2021-01-01`, or `in 5 days`. */
function dateOf(words: string): Date {
  const days = /^in (\d+) days$/.exec(words)?.[1];
  return days === undefined ? new Date(words) : new Date(Date.now() + Number(days) * 24 * 60 * 60 * 1000);
}

const placeholder = /\$\{(base64 )?(certificate|key|authority) ([^}]+)\}/g;
