import type { Collection, Member, Reader } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import type { UpstreamTls } from "../ir/cluster.ts";
import { type PolicyTarget, readTlsPolicy, type TlsPolicy } from "./backend-tls-policy.ts";
import type { Condition } from "./condition.ts";
import type { Resources } from "./inputs.ts";
import { compareSeniority } from "./precedence.ts";
import { deriveTrust, type TrustCollections } from "./trust.ts";

/** Which backends are spoken to over TLS, because a BackendTLSPolicy says so. */
export interface BackendTlsCollections {
  readonly trust: TrustCollections;
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
}

export function targetKey({ service, portName }: PolicyTarget): string {
  return portName === undefined ? service : `${service}/${portName}`;
}

export function deriveBackendTls(
  graph: Graph,
  resources: Resources,
  systemCertificates: () => string | undefined,
): BackendTlsCollections {
  const trust = deriveTrust(graph, resources, systemCertificates);
  const policies = graph.derive("tlsPolicies", resources.BackendTLSPolicy, (policy, _key, reader) =>
    readTlsPolicy(policy, reader, trust),
  );
  const byTarget = graph.group("tlsPoliciesByTarget", policies, ({ targets }) => targets.map(targetKey));
  const holders = graph.derive("tlsPolicyHolders", byTarget, (members): PolicyHolder => {
    const { refused, seniority } = oldest(members);
    return { policy: seniority.key, ...(refused === undefined ? {} : { refused }) };
  });
  return { trust, policies, holders, tls: graph.derive("backendTls", byTarget, (members) => oldest(members).tls) };
}

/** BackendTLSPolicySpec.targetRefs: of several policies for one target, the oldest counts, then the first by name. */
function oldest(members: readonly Member<TlsPolicy>[]): TlsPolicy {
  return members
    .map((member) => member.value)
    .reduce((left, right) => (compareSeniority(left.seniority, right.seniority) <= 0 ? left : right));
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
