import type { Reader } from "../collections/collection.ts";
import type { SubjectAltName, UpstreamTls } from "../ir/cluster.ts";
import type { BackendTLSPolicy, SubjectAltName as SubjectAltNameSpec } from "../resources/generated/gateway-api.ts";
import type { Origin } from "../resources/origin.ts";
import { type Condition, isFalse } from "./condition.ts";
import { type Problem, resolvedRefs } from "./problem.ts";
import { gatewayGroup } from "./route-kind.ts";
import { readTlsOptions } from "./tls-options.ts";
import { resolveTrust, systemTrust, type TrustCollections, trustName, trustProblem } from "./trust.ts";

/** A Service, or one port of it by name, that a policy is for. */
export interface PolicyTarget {
  /** `namespace/name`. */
  readonly service: string;
  readonly portName?: string;
}

/** A BackendTLSPolicy by itself: what it asks for, and whether that can be done. */
export interface TlsPolicy {
  readonly targets: readonly PolicyTarget[];
  readonly resolvedRefs: Condition;
  /** Why it can't be enforced. Its targets are not spoken to then: never without the check that it asks for. */
  readonly refused?: Condition;
  readonly tls: UpstreamTls;
  /** Fields that are set and have no effect. */
  readonly notEnforced: readonly string[];
  /** What is wrong in it. */
  readonly problems: readonly Problem[];
}

/** Those of other kinds than Service are left out: no route sends to them. */
export function policyTargets({ metadata, spec }: BackendTLSPolicy): readonly PolicyTarget[] {
  return spec.targetRefs
    .filter(({ group, kind }) => group === "" && kind === "Service")
    .map(({ name, sectionName }) => ({
      service: `${metadata.namespace ?? "default"}/${name}`,
      ...(sectionName === undefined || sectionName === "" ? {} : { portName: sectionName }),
    }));
}

/** Gateway API, BackendTLSPolicySpec. */
export function readTlsPolicy(policy: BackendTLSPolicy, reader: Reader, trust: TrustCollections): TlsPolicy {
  const namespace = policy.metadata.namespace ?? "default";
  const { validation, options } = policy.spec;
  const origin: Origin = {
    resource: { group: gatewayGroup, kind: "BackendTLSPolicy", namespace, name: policy.metadata.name },
    path: ["spec", "validation"],
  };
  const { parameters, unknown, refused: refusedOption } = readTlsOptions(options);
  const {
    anchors,
    problems,
    refused: refusedAuthorities,
  } = validation.caCertificateRefs === undefined || validation.caCertificateRefs.length === 0
    ? wellKnown(validation.wellKnownCACertificates, reader, trust)
    : referred(validation.caCertificateRefs, namespace, origin, reader, trust);
  const refused =
    refusedAuthorities ??
    (refusedOption === undefined ? undefined : isFalse("Accepted", "Invalid", `spec.options: ${refusedOption}`));
  return {
    targets: policyTargets(policy),
    resolvedRefs: resolvedRefs(problems),
    ...(refused === undefined ? {} : { refused }),
    tls: {
      serverName: validation.hostname,
      ...(parameters === undefined ? {} : { parameters }),
      verification: {
        trust: trustName(anchors),
        subjectAltNames: names(validation.hostname, validation.subjectAltNames ?? []),
      },
    },
    notEnforced: unknown.map((name) => `spec.options["${name}"]`),
    problems,
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
