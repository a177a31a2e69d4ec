import type { Collection } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import type { UpstreamTls } from "../ir/cluster.ts";
import type { ResourceReference } from "../resources/origin.ts";
import { policyTargets, readTlsPolicy, type TlsPolicy } from "./backend-tls-policy.ts";
import { type Condition, isFalse } from "./condition.ts";
import type { Resources } from "./inputs.ts";
import { derivePolicyHolders } from "./policy-target.ts";
import { commonMissing } from "./problem.ts";
import type { TrustCollections } from "./trust.ts";

/** Which Services are spoken to over TLS, because a BackendTLSPolicy says so. */
export interface BackendTlsCollections {
  /** By `namespace/name`. */
  readonly policies: Collection<TlsPolicy>;
  /** The policy that holds a target, by its key. */
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

export function deriveBackendTls(graph: Graph, resources: Resources, trust: TrustCollections): BackendTlsCollections {
  const policies = graph.derive("tlsPolicies", resources.BackendTLSPolicy, (policy, _key, reader) =>
    readTlsPolicy(policy, reader, trust),
  );
  const oldest = derivePolicyHolders(graph, "BackendTLSPolicy", resources.BackendTLSPolicy, policyTargets);
  const holders = graph.derive("tlsPolicyHolders", oldest, (policy, _key, { fetch }): PolicyHolder => {
    const read = fetch(policies, policy);
    if (read === undefined) return { policy, refused: isFalse("Accepted", "Invalid", "It can't be read.") };
    if (read.refused === undefined) return { policy };
    return { policy, refused: read.refused, ...commonMissing(read.problems) };
  });
  const tls = graph.derive("backendTls", oldest, (policy, _key, { fetch }) => fetch(policies, policy)?.tls);
  return { policies, holders, tls };
}
