import type { Collection } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import type { RetryBudget } from "../ir/cluster.ts";
import type { RetryConstraint, SessionPersistence, XBackendTrafficPolicy } from "../resources/generated/gateway-api.ts";
import { milliseconds } from "./duration.ts";
import type { Resources } from "./inputs.ts";
import type { UnenforcedField } from "./not-enforced.ts";
import { backendKey, derivePolicyHolders, type PolicyTarget } from "./policy-target.ts";
import { experimentalGroup } from "./route-kind.ts";
import { sessionFieldsNotEnforced } from "./session-persistence.ts";

/** What XBackendTrafficPolicies say of backends. */
export interface BackendTrafficCollections {
  /** By `namespace/name`. */
  readonly policies: Collection<TrafficPolicy>;
  /** `namespace/name` of the policy that holds a backend. */
  readonly holders: Collection<string>;
  /** Of the policy that holds a backend. Apart, so that a new budget touches clusters and no route. */
  readonly retryBudgets: Collection<RetryBudget>;
  readonly sessions: Collection<SessionPersistence>;
}

/** An XBackendTrafficPolicy by itself. */
export interface TrafficPolicy {
  readonly targets: readonly PolicyTarget[];
  readonly retryBudget?: RetryBudget;
  readonly sessionPersistence?: SessionPersistence;
  /** Fields that are set and have no effect. */
  readonly notEnforced: readonly UnenforcedField[];
}

export function deriveBackendTraffic(graph: Graph, resources: Resources): BackendTrafficCollections {
  const objects = resources.XBackendTrafficPolicy;
  const policies = graph.derive("trafficPolicies", objects, readTrafficPolicy);
  const holders = derivePolicyHolders(graph, "XBackendTrafficPolicy", objects, trafficPolicyTargets);
  return {
    policies,
    holders,
    retryBudgets: graph.derive("retryBudgets", holders, (key, _, { fetch }) => fetch(policies, key)?.retryBudget),
    sessions: graph.derive("policySessions", holders, (key, _, { fetch }) => fetch(policies, key)?.sessionPersistence),
  };
}

/** Gateway API, BackendTrafficPolicySpec.targetRefs: backends. Kinds that no route sends to are left out. */
export function trafficPolicyTargets({ metadata, spec }: XBackendTrafficPolicy): readonly PolicyTarget[] {
  const { namespace = "default" } = metadata;
  return spec.targetRefs.flatMap(({ group, kind, name }) => {
    if (group === "" && kind === "Service") return [{ backend: backendKey("Service", `${namespace}/${name}`) }];
    if (group !== experimentalGroup || kind !== "XBackend") return [];
    return [{ backend: backendKey("XBackend", `${namespace}/${name}`) }];
  });
}

function readTrafficPolicy(policy: XBackendTrafficPolicy): TrafficPolicy {
  const { retryConstraint, sessionPersistence } = policy.spec;
  return {
    targets: trafficPolicyTargets(policy),
    ...(retryConstraint === undefined ? {} : { retryBudget: retryBudget(retryConstraint) }),
    ...(sessionPersistence === undefined ? {} : { sessionPersistence }),
    notEnforced: sessionFieldsNotEnforced(sessionPersistence, ["spec", "sessionPersistence"]),
  };
}

/** Gateway API, RetryConstraint. A rate that is written without its count or interval has them from the default, 10 in 1s. */
function retryBudget({ budget, minRetryRate: { count = 10, interval = "1s" } }: RetryConstraint): RetryBudget {
  return {
    percent: budget.percent,
    intervalMilliseconds: milliseconds(budget.interval),
    minimum: { count, intervalMilliseconds: milliseconds(interval) },
  };
}
