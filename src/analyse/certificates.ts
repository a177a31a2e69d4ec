import { X509Certificate } from "node:crypto";
import { readKeyPair } from "../gateway/certificate.ts";
import { type GatewayListener, isHeldElsewhere } from "../gateway/gateway-listener.ts";
import { anyHostname, isHostname } from "../gateway/hostname.ts";
import type { Finding } from "../resources/finding.ts";
import type { Secret } from "../resources/generated/core.ts";
import { type Analysed, sorted } from "./analysed.ts";

const day = 24 * 60 * 60 * 1000;

/** Less than this, and less than a third of its life: whoever renews it should have done so. */
const soon = 14 * day;

/** Certificates that clients will refuse: now, for the name that they ask for, or shortly, for their date. */
export function analyseCertificates(analysed: Analysed, now: Date): readonly Finding[] {
  const asked = askedHostnames(analysed);
  return [
    ...sorted(analysed.resources.Secret).flatMap(([, secret]) => expiring(secret, now)),
    ...sorted(analysed.semantics.listeners).flatMap(([key, listener]) =>
      otherNames(analysed, listener, asked.get(key) ?? new Set([listener.hostname])),
    ),
  ];
}

function expiring(secret: Secret, now: Date): readonly Finding[] {
  const certificate = secret.type === "kubernetes.io/tls" ? certificateOf(secret) : undefined;
  if (certificate === undefined) return [];
  const expires = new Date(certificate.validTo);
  const left = expires.getTime() - now.getTime();
  const life = expires.getTime() - new Date(certificate.validFrom).getTime();
  if (left <= 0 || left >= soon || left >= life / 3) return [];
  const { namespace = "default", name } = secret.metadata;
  const field = secret.stringData?.["tls.crt"] === undefined ? "data" : "stringData";
  return [
    {
      severity: "warning",
      code: "certificate-expires-soon",
      message: `The certificate for ${namesOf(certificate).join(", ")} expires on ${expires.toISOString().slice(0, 10)}, in ${Math.ceil(left / day)} days.`,
      remedy: "Renew it; clients refuse it from then on.",
      origin: { resource: { group: "", kind: "Secret", namespace, name }, path: [field, "tls.crt"] },
    },
  ];
}

/** The hostnames that clients ask each listener for, by its key: those of its routes. */
function askedHostnames({ semantics }: Analysed): ReadonlyMap<string, ReadonlySet<string>> {
  const asked = new Map<string, Set<string>>();
  for (const [, { parents }] of semantics.attachments.entries()) {
    for (const { point, hostnames } of parents.flatMap((parent) => parent.listeners)) {
      const known = asked.get(point.key) ?? new Set();
      for (const { hostname } of hostnames) if (!isHeldElsewhere(point, hostname)) known.add(hostname);
      asked.set(point.key, known);
    }
  }
  return asked;
}

function otherNames(
  { resources }: Analysed,
  listener: GatewayListener,
  asked: ReadonlySet<string>,
): readonly Finding[] {
  const { serving, tlsMode, certificates, problems, name, origin } = listener;
  // A certificate that is not here may hold the name.
  if (!serving || tlsMode !== "Terminate" || problems.length > 0) return [];
  const known = certificates.flatMap((key) => {
    const secret = resources.Secret.get(key);
    return (secret && certificateOf(secret)) ?? [];
  });
  if (known.length < certificates.length) return [];
  const unheld = [...asked].filter(
    (hostname) => hostname !== anyHostname && !known.some((certificate) => holds(certificate, hostname)),
  );
  if (unheld.length === 0) return [];
  const shown = `${unheld.sort().slice(0, 3).join(", ")}${unheld.length > 3 ? ` and ${unheld.length - 3} more` : ""}`;
  const held = [...new Set(known.flatMap(namesOf))].join(", ");
  return [
    {
      severity: "warning",
      code: "certificate-not-for-hostname",
      message: `Clients ask listener "${name}" for ${shown}, and its certificate${known.length === 1 ? " is" : "s are"} for ${held || "no name"}: they refuse the connection.`,
      remedy: "Add a certificate that holds the name; a wildcard in one stands for exactly one label.",
      origin: { ...origin, path: [...origin.path, "tls", "certificateRefs", 0] },
    },
  ];
}

/** RFC 6125: a wildcard stands for the first label. */
function holds(certificate: X509Certificate, hostname: string): boolean {
  if (isHostname(hostname)) return certificate.checkHost(hostname) !== undefined;
  return namesOf(certificate).some((name) => name.toLowerCase() === hostname);
}

function namesOf({ subjectAltName = "", subject }: X509Certificate): readonly string[] {
  const names = [...subjectAltName.matchAll(/(?:DNS|IP Address):([^,\s]+)/g)].map(([, name = ""]) => name);
  return names.length > 0 ? names : [/CN=(\S+)/.exec(subject)?.[1] ?? ""].filter((name) => name !== "");
}

const parsed = new WeakMap<Secret, X509Certificate>();

/** The first certificate of a Secret's chain, if it can be served. */
function certificateOf(secret: Secret): X509Certificate | undefined {
  const known = parsed.get(secret);
  if (known !== undefined) return known;
  const pair = readKeyPair(secret);
  if (pair.problem !== undefined) return undefined;
  const certificate = new X509Certificate(pair.certificateChain);
  parsed.set(secret, certificate);
  return certificate;
}
