import { X509Certificate } from "node:crypto";
import type { ApiObject } from "../kubernetes/api-object.ts";
import { field, text } from "../resources/field.ts";
import type { Finding } from "../resources/finding.ts";
import { type Check, objectsOf, problem, serverNow } from "./facts.ts";

/** The controller's authority, and the certificates by which proxies show who they are. Those of listeners are people's own. */
const types = ["gatewright.dev/proxy-certificate", "gatewright.dev/authority"];
const authorityName = "gatewright-authority";

/** Are the certificates between controller and proxies in date? */
export const checkCertificates: Check = {
  name: "Certificates",
  needs: ["Secret"],
  codes: ["expired-certificate"],
  examine: (facts) => {
    const now = serverNow(facts);
    const secrets = objectsOf(facts, "Secret").filter(
      (secret) => types.includes(text(field(secret, "type"))) || secret.metadata.name === authorityName,
    );
    return {
      seen: `${secrets.length} between controller and proxies`,
      findings: secrets.flatMap((secret) => outOfDate(secret, now)),
    };
  },
};

function outOfDate(secret: ApiObject, now: Date): readonly Finding[] {
  const certificate = certificateOf(secret);
  const { namespace = "", name } = secret.metadata;
  const whose =
    name === authorityName
      ? "The authority by which controller and proxies know each other"
      : `The certificate of the proxies ${namespace}/${name}`;
  if (certificate === undefined) {
    return [
      problem(
        "expired-certificate",
        secret,
        `${whose} can't be read: data["tls.crt"] is no certificate.`,
        `kubectl -n ${namespace} delete secret ${name}: the controller makes another one${name === authorityName ? " when it starts (kubectl rollout restart)" : ""}.`,
        { path: ["data", "tls.crt"] },
      ),
    ];
  }
  const [from, to] = [new Date(certificate.validFrom), new Date(certificate.validTo)];
  if (from <= now && now <= to) return [];
  const when = now > to ? `expired on ${day(to)}` : `is valid only from ${from.toISOString()} on`;
  return [
    problem(
      "expired-certificate",
      secret,
      `${whose} ${when}: proxies can't connect, and hear of no change.`,
      now > to
        ? `The controller renews it half-way through its life, if it runs: see its log. Then: kubectl -n ${namespace} delete secret ${name}`
        : "The clock of the node on which the controller runs is ahead; set it (chrony, systemd-timesyncd).",
      { path: ["data", "tls.crt"] },
    ),
  ];
}

function certificateOf(secret: ApiObject): X509Certificate | undefined {
  try {
    return new X509Certificate(Buffer.from(text(field(secret, "data", "tls.crt")), "base64"));
  } catch {
    return undefined;
  }
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
