import type { Reader } from "../collections/collection.ts";
import type { UpstreamTls } from "../ir/cluster.ts";
import type { BackendTLSPolicy } from "../resources/generated/gateway-api.ts";
import { readBackendValidation } from "./backend-tls-validation.ts";
import { type Condition, isFalse } from "./condition.ts";
import type { UnenforcedField } from "./not-enforced.ts";
import { backendKey, type PolicyTarget } from "./policy-target.ts";
import { type Problem, resolvedRefs } from "./problem.ts";
import { gatewayGroup } from "./route-kind.ts";
import { readTlsOptions } from "./tls-options.ts";
import type { TrustCollections } from "./trust.ts";

/** A BackendTLSPolicy by itself: what it asks for, and whether that can be done. */
export interface TlsPolicy {
  readonly targets: readonly PolicyTarget[];
  readonly resolvedRefs: Condition;
  /** Why it can't be enforced. Its targets are not spoken to then: never without the check that it asks for. */
  readonly refused?: Condition;
  readonly tls: UpstreamTls;
  /** Fields that are set and have no effect. */
  readonly notEnforced: readonly UnenforcedField[];
  /** What is wrong in it. */
  readonly problems: readonly Problem[];
}

/** Those of other kinds than Service are left out: XBackends say themselves how they are spoken to (GEP-4894). */
export function policyTargets({ metadata, spec }: BackendTLSPolicy): readonly PolicyTarget[] {
  return spec.targetRefs
    .filter(({ group, kind }) => group === "" && kind === "Service")
    .map(({ name, sectionName }) => ({
      backend: backendKey("Service", `${metadata.namespace ?? "default"}/${name}`),
      ...(sectionName === undefined || sectionName === "" ? {} : { portName: sectionName }),
    }));
}

/** Gateway API, BackendTLSPolicySpec. */
export function readTlsPolicy(policy: BackendTLSPolicy, reader: Reader, trust: TrustCollections): TlsPolicy {
  const { namespace = "default", name } = policy.metadata;
  const { validation, options } = policy.spec;
  const origin = {
    resource: { group: gatewayGroup, kind: "BackendTLSPolicy", namespace, name },
    path: ["spec", "validation"],
  };
  const { parameters, unknown, refused: refusedOption } = readTlsOptions(options);
  const {
    tls,
    problems,
    refused: refusedAuthorities,
  } = readBackendValidation(validation, namespace, origin, reader, trust);
  const refused =
    refusedAuthorities ??
    (refusedOption === undefined ? undefined : isFalse("Accepted", "Invalid", `spec.options: ${refusedOption}`));
  return {
    targets: policyTargets(policy),
    resolvedRefs: resolvedRefs(problems),
    ...(refused === undefined ? {} : { refused }),
    tls: { ...tls, ...(parameters === undefined ? {} : { parameters }) },
    notEnforced: unknown.map((option) => ({
      path: ["spec", "options", option],
      because: "It is none of Gatewright's options.",
    })),
    problems,
  };
}
