import type { Collection, Reader } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import type { BackendHealthCollections, HealthPolicy } from "./backend-health.ts";
import type { BackendTlsCollections } from "./backend-tls.ts";
import type { BackendTrafficCollections, TrafficPolicy } from "./backend-traffic.ts";
import type { BackendUse } from "./backend-use.ts";
import { type Condition, isFalse, isTrue } from "./condition.ts";
import type { ListenerCollections } from "./derive-listeners.ts";
import type { RouteCollections } from "./derive-routes.ts";
import type { Resources } from "./inputs.ts";
import { ifSet, notEnforced, type UnenforcedField } from "./not-enforced.ts";
import { backendKey, describeBackend, keyOfBackend, type PolicyTarget, targetKey } from "./policy-target.ts";
import { compareSeniority } from "./precedence.ts";
import type { ReadXBackend } from "./x-backend.ts";

/** A Gateway that a policy or an XBackend matters to, and what became of it there. */
export interface PolicyAncestor {
  /** `namespace/name`. */
  readonly gateway: string;
  readonly conditions: readonly Condition[];
}

/** Every Gateway that something matters to, the oldest first; none where nobody sends to its targets. By `namespace/name`. */
export type PolicyAncestors = Collection<readonly PolicyAncestor[]>;

/** Kinds whose status names ancestors. */
export const ancestorKinds = [
  "BackendTLSPolicy",
  "XBackendTrafficPolicy",
  "BackendTrafficPolicy",
  "XBackend",
  "XTelemetryPolicy",
] as const;

export type AncestorKind = (typeof ancestorKinds)[number];

/** How to tell the ancestors of one kind. */
interface Kind<Value> {
  readonly targets: (value: Value, key: string) => readonly PolicyTarget[];
  /** Why it does not hold for a target. */
  readonly refusal: (value: Value, key: string, target: PolicyTarget, reader: Reader) => Condition | undefined;
  /** Whether it matters to whoever uses its target in this way. */
  readonly concerns: (use: BackendUse, target: PolicyTarget, cause: Condition | undefined) => boolean;
  /** What is said to a Gateway, of the causes why it does not hold there and the ways in which the targets are used there. */
  readonly conditions: (
    value: Value,
    causes: readonly Condition[],
    uses: readonly BackendUse[],
  ) => readonly Condition[];
}

function deriveAncestors<Value>(
  graph: Graph,
  name: string,
  objects: Collection<Value>,
  { gateways }: ListenerCollections,
  { usesByBackend }: RouteCollections,
  kind: Kind<Value>,
): PolicyAncestors {
  return graph.derive(name, objects, (value, key, reader) => {
    const found = new Map<string, { readonly causes: Set<Condition>; readonly uses: BackendUse[] }>();
    for (const target of kind.targets(value, key)) {
      const cause = kind.refusal(value, key, target, reader);
      for (const { value: use } of reader.fetch(usesByBackend, target.backend) ?? []) {
        if (!kind.concerns(use, target, cause)) continue;
        const known = found.get(use.gateway) ?? { causes: new Set(), uses: [] };
        found.set(use.gateway, known);
        known.uses.push(use);
        if (cause !== undefined) known.causes.add(cause);
      }
    }
    const seniority = (gateway: string) => ({
      created: reader.fetch(gateways, gateway)?.metadata.creationTimestamp,
      key: gateway,
    });
    return [...found.entries()]
      .sort(([left], [right]) => compareSeniority(seniority(left), seniority(right)))
      .map(([gateway, { causes, uses }]) => ({ gateway, conditions: kind.conditions(value, [...causes], uses) }));
  });
}

/** Of BackendTLSPolicies: those who send to their targets over connections that can be put in TLS. */
export function tlsPolicyAncestors(
  graph: Graph,
  resources: Resources,
  listeners: ListenerCollections,
  routes: RouteCollections,
  { policies, holders }: BackendTlsCollections,
): PolicyAncestors {
  return deriveAncestors(graph, "tlsPolicyAncestors", policies, listeners, routes, {
    targets: ({ targets }) => targets,
    refusal: ({ refused }, key, target, reader) =>
      missingPort(target, reader, resources) ??
      conflict("BackendTLSPolicy", reader.fetch(holders, targetKey(target))?.policy, key, target) ??
      refused,
    concerns: (use, target, cause) => use.traffic !== "opaque" && isAtPort(use, target, cause),
    conditions: (policy, causes) => [
      accepted(`Connections are made in TLS for ${policy.tls.serverName}.`, causes),
      policy.resolvedRefs,
      ...notEnforced(policy.notEnforced),
    ],
  });
}

/** Of XBackendTrafficPolicies: everybody who sends to their targets, though only requests can be tried again. */
export function trafficPolicyAncestors(
  graph: Graph,
  listeners: ListenerCollections,
  routes: RouteCollections,
  { policies, holders }: BackendTrafficCollections,
): PolicyAncestors {
  return deriveAncestors(graph, "trafficPolicyAncestors", policies, listeners, routes, {
    targets: ({ targets }) => targets,
    refusal: (_, key, target, { fetch }) =>
      conflict("XBackendTrafficPolicy", fetch(holders, targetKey(target)), key, target),
    concerns: () => true,
    conditions: (policy, causes, uses) => {
      const served = uses.some(({ traffic }) => traffic === "requests");
      const fields = served ? policy.notEnforced : requestFields(policy);
      return [accepted("It holds for requests to its targets.", causes), ...notEnforced(fields)];
    },
  });
}

/** Of BackendTrafficPolicies: everybody who sends to their targets, though only the answers to requests are looked at. */
export function healthPolicyAncestors(
  graph: Graph,
  resources: Resources,
  listeners: ListenerCollections,
  routes: RouteCollections,
  { policies, holders }: BackendHealthCollections,
): PolicyAncestors {
  return deriveAncestors(graph, "healthPolicyAncestors", policies, listeners, routes, {
    targets: ({ targets }) => targets,
    refusal: (_, key, target, reader) =>
      missingPort(target, reader, resources) ??
      conflict("BackendTrafficPolicy", reader.fetch(holders, targetKey(target)), key, target),
    concerns: isAtPort,
    conditions: (policy, causes, uses) => [
      accepted("It holds for requests to its targets.", causes),
      ...(uses.some(({ traffic }) => traffic === "requests") ? [] : notEnforced(healthFields(policy))),
    ],
  });
}

function healthFields({ health }: HealthPolicy): readonly UnenforcedField[] {
  return [
    ...ifSet(health.outlierDetection, ["spec", "outlierDetection"], noRequests),
    ...ifSet(health.healthCheck, ["spec", "healthCheck"], noRequests),
  ];
}

const noRequests = "No HTTPRoute or GRPCRoute sends to its targets.";

/** Where connections and datagrams alone are sent, nothing is tried again and no session is known. */
function requestFields({ retryBudget, sessionPersistence }: TrafficPolicy): readonly UnenforcedField[] {
  return [
    ...ifSet(retryBudget, ["spec", "retryConstraint"], noRequests),
    ...ifSet(sessionPersistence, ["spec", "sessionPersistence"], noRequests),
  ];
}

/** GEP-4894, BackendStatus.ancestors: those who send to an XBackend. */
export function xBackendAncestors(
  graph: Graph,
  listeners: ListenerCollections,
  routes: RouteCollections,
  xBackends: Collection<ReadXBackend>,
): PolicyAncestors {
  return deriveAncestors(graph, "xBackendAncestors", xBackends, listeners, routes, {
    targets: (_, key) => [{ backend: backendKey("XBackend", key) }],
    refusal: ({ refused }) => refused,
    concerns: () => true,
    conditions: (read, causes) => [
      accepted(describeXBackend(read), causes),
      read.resolvedRefs,
      ...notEnforced(read.notEnforced),
    ],
  });
}

function describeXBackend({ hostname, port, tls }: ReadXBackend): string {
  const where = hostname === undefined ? `port ${port} of the endpoints that it selects` : `${hostname}:${port}`;
  return `Traffic goes to ${where}${tls === undefined ? "" : `, in TLS for ${tls.serverName}`}.`;
}

function missingPort(
  { backend, portName }: PolicyTarget,
  { fetch }: Reader,
  resources: Resources,
): Condition | undefined {
  if (portName === undefined) return undefined;
  const ports = fetch(resources.Service, keyOfBackend("Service", backend) ?? "")?.spec?.ports ?? [];
  if (ports.some(({ name }) => name === portName)) return undefined;
  const named = ports.flatMap(({ name }) => (name === undefined ? [] : [`"${name}"`])).join(", ");
  const message = `${describeBackend(backend)} has no port named "${portName}"; it has ${named || "no names"}.`;
  return isFalse("Accepted", "TargetNotFound", message);
}

function conflict(
  kind: string,
  holder: string | undefined,
  key: string,
  { backend, portName }: PolicyTarget,
): Condition | undefined {
  if (holder === undefined || holder === key) return undefined;
  const what = portName === undefined ? "" : `port "${portName}" of `;
  const message = `${kind} ${holder}, which is older or comes first by name, holds ${what}${describeBackend(backend)}.`;
  return isFalse("Accepted", "Conflicted", message);
}

function accepted(message: string, causes: readonly Condition[]): Condition {
  const [first] = causes;
  if (first === undefined) return isTrue("Accepted", "Accepted", message);
  return { ...first, message: [...new Set(causes.map((cause) => cause.message))].join(" ") };
}

/** Whether a backend is used at the port of a target. One that is not there can be used by nobody; the Service's users are told. */
function isAtPort({ portName }: BackendUse, target: PolicyTarget, cause: Condition | undefined): boolean {
  return target.portName === undefined || portName === target.portName || cause?.reason === "TargetNotFound";
}
