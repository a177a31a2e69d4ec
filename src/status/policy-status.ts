import { controllerName } from "../gateway/class.ts";
import { type Condition, isTrue } from "../gateway/condition.ts";
import { type AncestorKind, ancestorKinds, type PolicyAncestor } from "../gateway/policy-ancestors.ts";
import { gatewayGroup } from "../gateway/route-kind.ts";
import { observed, type PolicyStatus } from "./object-status.ts";

/** Gateway API, PolicyStatus.ancestors and BackendStatus.ancestors: "A maximum of 16 (32) ancestors will be represented in this list". */
const maxAncestors: Readonly<Record<AncestorKind, number>> = {
  BackendTLSPolicy: 16,
  XBackendTrafficPolicy: 16,
  BackendTrafficPolicy: 16,
  XBackend: 32,
  XTelemetryPolicy: 16,
};

/** How many ancestors the status of an object may name. */
export function mostAncestors(kind: string): number {
  return maxAncestors[ancestorKinds.find((known) => known === kind) ?? "BackendTLSPolicy"];
}

/**
 * Those for whom the list has no room: the youngest Gateways. The API asks that they are told otherwise; the policy holds
 * there all the same, for without it backends would be spoken to in plain text.
 */
export function withoutRoom(kind: AncestorKind, ancestors: readonly PolicyAncestor[]): readonly PolicyAncestor[] {
  return ancestors.slice(maxAncestors[kind]);
}

/** The condition of a Gateway that policies, as `Kind namespace/name`, have no room to name. */
export function policiesWithoutRoom(policies: readonly string[]): readonly Condition[] {
  if (policies.length === 0) return [];
  const message = `The status of ${policies.join(", ")} names as many older Gateways as it may and has no room for this one. What it says holds here, too.`;
  return [isTrue("gatewright.dev/PolicyWithoutStatus", "TooManyAncestors", message)];
}

/** Gateway API, PolicyStatus and BackendStatus: one entry for each Gateway that it matters to, as many as the list may hold. */
export function policyStatus(
  kind: AncestorKind,
  ancestors: readonly PolicyAncestor[],
  generation: number,
): PolicyStatus {
  return {
    ancestors: ancestors.slice(0, maxAncestors[kind]).map(({ gateway, conditions }) => {
      const [namespace = "default", name = ""] = gateway.split("/");
      return {
        ancestorRef: { group: gatewayGroup, kind: "Gateway", namespace, name },
        controllerName,
        conditions: conditions.map((condition) => observed(condition, generation)),
      };
    }),
  };
}
