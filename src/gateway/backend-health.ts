import type { Collection } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import type { BackendHealth, HealthCheck, OutlierDetection } from "../ir/cluster.ts";
import type {
  BackendTrafficPolicy,
  HealthCheck as WrittenHealthCheck,
  OutlierDetection as WrittenOutlierDetection,
} from "../resources/generated/gatewright-api.ts";
import { milliseconds } from "./duration.ts";
import type { Resources } from "./inputs.ts";
import { backendKey, derivePolicyHolders, type PolicyTarget } from "./policy-target.ts";

/** What BackendTrafficPolicies say of backends. */
export interface BackendHealthCollections {
  /** By `namespace/name`. */
  readonly policies: Collection<HealthPolicy>;
  /** `namespace/name` of the policy that holds a target, by its key. */
  readonly holders: Collection<string>;
  /** Of the policy that holds a target. Apart, so that it touches clusters and no route. */
  readonly health: Collection<WrittenHealth>;
}

/** A BackendTrafficPolicy by itself. */
export interface HealthPolicy {
  readonly targets: readonly PolicyTarget[];
  readonly health: WrittenHealth;
}

/** What a policy asks for, with its defaults; `hostname` is the backend's where the policy has none. */
export interface WrittenHealth {
  readonly outlierDetection?: OutlierDetection;
  readonly healthCheck?: Omit<HealthCheck, "hostname"> & { readonly hostname?: string };
}

export function deriveBackendHealth(graph: Graph, { BackendTrafficPolicy }: Resources): BackendHealthCollections {
  const policies = graph.derive("healthPolicies", BackendTrafficPolicy, readHealthPolicy);
  const holders = derivePolicyHolders(graph, "BackendTrafficPolicy", BackendTrafficPolicy, healthPolicyTargets);
  return {
    policies,
    holders,
    health: graph.derive("backendHealth", holders, (key, _, { fetch }) => fetch(policies, key)?.health),
  };
}

/** The targets, in their order: the schema has refused other kinds than these. */
export function healthPolicyTargets({ metadata, spec }: BackendTrafficPolicy): readonly PolicyTarget[] {
  const { namespace = "default" } = metadata;
  return spec.targetRefs.map(({ kind, name, sectionName }) => ({
    backend: backendKey(kind === "Service" ? "Service" : "XBackend", `${namespace}/${name}`),
    ...(sectionName === undefined ? {} : { portName: sectionName }),
  }));
}

/** @param hostname the backend's own, in DNS or as `<Service>.<namespace>` */
export function healthOf({ outlierDetection, healthCheck }: WrittenHealth, hostname: string): BackendHealth {
  return {
    ...(outlierDetection === undefined ? {} : { outlierDetection }),
    ...(healthCheck === undefined ? {} : { healthCheck: { hostname, ...healthCheck } }),
  };
}

function readHealthPolicy(policy: BackendTrafficPolicy): HealthPolicy {
  const { outlierDetection, healthCheck } = policy.spec;
  return {
    targets: healthPolicyTargets(policy),
    health: {
      ...(outlierDetection === undefined ? {} : { outlierDetection: readOutlierDetection(outlierDetection) }),
      ...(healthCheck === undefined ? {} : { healthCheck: readHealthCheck(healthCheck) }),
    },
  };
}

function readOutlierDetection({
  consecutive5xxErrors = 5,
  consecutiveGatewayErrors = 0,
  interval = "10s",
  baseEjectionTime = "30s",
  maxEjectionTime = "5m",
  maxEjectionPercent = 50,
}: WrittenOutlierDetection): OutlierDetection {
  const baseEjectionMilliseconds = milliseconds(baseEjectionTime);
  return {
    consecutive5xxErrors,
    consecutiveGatewayErrors,
    intervalMilliseconds: milliseconds(interval),
    baseEjectionMilliseconds,
    maxEjectionMilliseconds: Math.max(milliseconds(maxEjectionTime), baseEjectionMilliseconds),
    maxEjectionPercent,
  };
}

/** Defaults are those of a pod's readiness probe, which people know. */
function readHealthCheck({
  http: { path = "/", hostname, expectedStatuses = [200] },
  interval = "10s",
  timeout = "1s",
  unhealthyThreshold = 3,
  healthyThreshold = 1,
}: WrittenHealthCheck): NonNullable<WrittenHealth["healthCheck"]> {
  return {
    path,
    ...(hostname === undefined ? {} : { hostname }),
    expectedStatuses: [...new Set(expectedStatuses)].sort((left, right) => left - right),
    intervalMilliseconds: milliseconds(interval),
    timeoutMilliseconds: milliseconds(timeout),
    unhealthyThreshold,
    healthyThreshold,
  };
}
