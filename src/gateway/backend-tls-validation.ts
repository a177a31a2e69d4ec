import type { Reader } from "../collections/collection.ts";
import type { SubjectAltName, UpstreamTls } from "../ir/cluster.ts";
import type {
  BackendTLSPolicyValidation,
  SubjectAltName as SubjectAltNameSpec,
} from "../resources/generated/gateway-api.ts";
import type { Origin } from "../resources/origin.ts";
import { type Condition, isFalse } from "./condition.ts";
import type { Problem } from "./problem.ts";
import { resolveTrust, systemTrust, type TrustCollections, trustName, trustProblem } from "./trust.ts";

/** How a backend has to prove who it is, as far as that can be checked. */
export interface BackendValidation {
  readonly tls: UpstreamTls;
  readonly problems: readonly Problem[];
  /** Why it can't be checked. The backend is not spoken to then: never without the check that is asked for. */
  readonly refused?: Condition;
}

/** Gateway API, BackendTLSPolicyValidation, which BackendTLSPolicies and XBackends have at `origin`. */
export function readBackendValidation(
  validation: BackendTLSPolicyValidation,
  namespace: string,
  origin: Origin,
  reader: Reader,
  trust: TrustCollections,
): BackendValidation {
  const { anchors, problems, refused } =
    validation.caCertificateRefs === undefined || validation.caCertificateRefs.length === 0
      ? wellKnown(validation.wellKnownCACertificates, reader, trust)
      : referred(validation.caCertificateRefs, namespace, origin, reader, trust);
  return {
    tls: {
      serverName: validation.hostname,
      verification: {
        trust: trustName(anchors),
        subjectAltNames: names(validation.hostname, validation.subjectAltNames ?? []),
      },
    },
    problems,
    ...(refused === undefined ? {} : { refused }),
  };
}

interface Authorities {
  /** Keys of those that can be used. */
  readonly anchors: readonly string[];
  readonly problems: readonly Problem[];
  readonly refused?: Condition;
}

/** BackendTLSPolicyValidation.caCertificateRefs: those that are valid count; with none, the policy is not accepted. */
function referred(
  references: readonly { readonly group: string; readonly kind: string; readonly name: string }[],
  namespace: string,
  origin: Origin,
  reader: Reader,
  trust: TrustCollections,
): Authorities {
  const resolved = references.map((reference, index) => {
    const found = resolveTrust(reader, trust, { ...reference, namespace });
    if (typeof found === "string") return found;
    const here = { ...origin, path: [...origin.path, "caCertificateRefs", index] };
    return trustProblem(found.cause === "kind" ? "InvalidKind" : "InvalidCACertificateRef", found, here);
  });
  const anchors = [...new Set(resolved.filter((each) => typeof each === "string"))];
  const problems = resolved.filter((each) => typeof each !== "string");
  if (anchors.length > 0) return { anchors, problems };
  const message = `It has no CA certificate that can be used: ${problems.map((problem) => problem.message).join(" ")}`;
  return { anchors, problems, refused: isFalse("Accepted", "NoValidCACertificate", message) };
}

/** BackendTLSPolicyValidation.wellKnownCACertificates: a value that is not recognised makes the policy Invalid. */
function wellKnown(value: string | undefined, { fetch }: Reader, trust: TrustCollections): Authorities {
  const refused = (message: string): Authorities => ({
    anchors: [],
    problems: [],
    refused: isFalse("Accepted", "Invalid", message),
  });
  if (value !== systemTrust) {
    return refused(
      `"${value ?? ""}" is not a set of CA certificates that Gatewright knows; it knows "${systemTrust}".`,
    );
  }
  const state = fetch(trust.validity, systemTrust);
  if (state === "valid") return { anchors: [systemTrust], problems: [] };
  return refused(`The system's CA certificates can't be used: ${state ?? "they were not read"}.`);
}

/** BackendTLSPolicyValidation.hostname: authenticates the backend, unless subjectAltNames are given, which then do. */
function names(hostname: string, alternatives: readonly SubjectAltNameSpec[]): readonly SubjectAltName[] {
  if (alternatives.length === 0) return [{ type: "Hostname", value: hostname }];
  return alternatives.map(({ type, hostname: name = "", uri = "" }) => ({
    type,
    value: type === "Hostname" ? name : uri,
  }));
}
