import type { Collection, Member, Reader } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import type { KubernetesObject } from "../resources/object.ts";
import { oldest, type Seniority } from "./precedence.ts";

/** A backend, or one port of it by name: what a policy is for, and what a rule sends to. */
export interface PolicyTarget {
  /** {@link backendKey}. */
  readonly backend: string;
  readonly portName?: string;
}

/** Kinds that routes send to. */
export type BackendKind = "Service" | "XBackend";

/** @example backendKey("Service", "shop/cart")  // "Service/shop/cart" */
export function backendKey(kind: BackendKind, key: string): string {
  return `${kind}/${key}`;
}

/** The other way round: `namespace/name`, if the backend is of that kind. */
export function keyOfBackend(kind: BackendKind, backend: string): string | undefined {
  return backend.startsWith(`${kind}/`) ? backend.slice(kind.length + 1) : undefined;
}

/** @example describeBackend("Service/shop/cart")  // "Service shop/cart" */
export function describeBackend(backend: string): string {
  return backend.replace("/", " ");
}

export function targetKey({ backend, portName }: PolicyTarget): string {
  return portName === undefined ? backend : `${backend}/${portName}`;
}

/**
 * The policy that holds each target, as `namespace/name`, by {@link targetKey}.
 *
 * GEP-713 and BackendTLSPolicySpec.targetRefs: of several policies for one target the oldest counts, then the first by name. They
 * are grouped as they are written: one that could not be read must not count as none.
 */
export function derivePolicyHolders<Policy extends KubernetesObject>(
  graph: Graph,
  kind: string,
  policies: Collection<Policy>,
  targetsOf: (policy: Policy) => readonly PolicyTarget[],
): Collection<string> {
  const byTarget = graph.group(`${kind}sByTarget`, policies, (policy) => targetsOf(policy).map(targetKey));
  return graph.derive(`${kind}Holders`, byTarget, (members) => oldestMember(members).key);
}

/** Of several policies for one target, the one that counts. */
export function oldestMember(members: readonly Member<KubernetesObject>[]): Seniority {
  return oldest(members.map(({ key, value }) => ({ created: value.metadata.creationTimestamp, key })));
}

/** What holds for a port of a backend: what is said of the port itself, and else what is said of the backend. */
export function ofPort<Value>(
  { fetch }: Reader,
  of: Collection<Value>,
  backend: string,
  portName: string | undefined,
): Value | undefined {
  const ofSection = portName === undefined ? undefined : fetch(of, targetKey({ backend, portName }));
  return ofSection ?? fetch(of, targetKey({ backend }));
}
