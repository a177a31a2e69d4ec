import type { Collection, Member, Reader } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import type { UpstreamTls } from "../ir/cluster.ts";
import type { BackendTLSPolicy } from "../resources/generated/gateway-api.ts";
import type { ResourceReference } from "../resources/origin.ts";
import { type PolicyTarget, policyTargets, readTlsPolicy, type TlsPolicy } from "./backend-tls-policy.ts";
import { type Condition, isFalse } from "./condition.ts";
import type { Resources } from "./inputs.ts";
import { compareSeniority } from "./precedence.ts";
import type { TrustCollections } from "./trust.ts";

/** Which backends are spoken to over TLS, because a BackendTLSPolicy says so. */
export interface BackendTlsCollections {
  /** By `namespace/name`. */
  readonly policies: Collection<TlsPolicy>;
  /** The policy that holds a target, by {@link targetKey}. */
  readonly holders: Collection<PolicyHolder>;
  /** Its TLS. Apart from the holders, so that a new hostname or authority touches clusters and no route. */
  readonly tls: Collection<UpstreamTls>;
}

/** The policy that counts for a target. */
export interface PolicyHolder {
  /** `namespace/name`. */
  readonly policy: string;
  /** Why it can't be enforced; its target gets no traffic then. */
  readonly refused?: Condition;
  /** What would have to be there to enforce it, where nothing else is wrong. */
  readonly missing?: ResourceReference;
}

export function targetKey({ service, portName }: PolicyTarget): string {
  return portName === undefined ? service : `${service}/${portName}`;
}

export function deriveBackendTls(graph: Graph, resources: Resources, trust: TrustCollections): BackendTlsCollections {
  const policies = graph.derive("tlsPolicies", resources.BackendTLSPolicy, (policy, _key, reader) =>
    readTlsPolicy(policy, reader, trust),
  );
  // Grouped as they are written: one that could not be read must not count as none.
  const byTarget = graph.group("tlsPoliciesByTarget", resources.BackendTLSPolicy, (policy) =>
    policyTargets(policy).map(targetKey),
  );
  const holders = graph.derive("tlsPolicyHolders", byTarget, (members, _key, { fetch }): PolicyHolder => {
    const policy = oldest(members);
    const read = fetch(policies, policy);
    if (read === undefined) return { policy, refused: isFalse("Accepted", "Invalid", "It can't be read.") };
    if (read.refused === undefined) return { policy };
    const missing = read.problems.map((problem) => problem.missing);
    const [first] = missing;
    return {
      policy,
      refused: read.refused,
      ...(first === undefined || missing.includes(undefined) ? {} : { missing: first }),
    };
  });
  const tls = graph.derive("backendTls", byTarget, (members, _key, { fetch }) => fetch(policies, oldest(members))?.tls);
  return { policies, holders, tls };
}

/** BackendTLSPolicySpec.targetRefs: of several policies for one target, the oldest counts, then the first by name. */
function oldest(members: readonly Member<BackendTLSPolicy>[]): string {
  const seniorities = members.map(({ key, value }) => ({ created: value.metadata.creationTimestamp, key }));
  return seniorities.reduce((left, right) => (compareSeniority(left, right) <= 0 ? left : right)).key;
}

/**
 * What holds for a port of a Service: what a policy says of the port itself, and else what one says of the Service.
 *
 * @param of {@link BackendTlsCollections.holders} or {@link BackendTlsCollections.tls}
 */
export function ofPort<Value>(
  { fetch }: Reader,
  of: Collection<Value>,
  service: string,
  portName: string | undefined,
): Value | undefined {
  const ofSection = portName === undefined ? undefined : fetch(of, targetKey({ service, portName }));
  return ofSection ?? fetch(of, targetKey({ service }));
}
