import type { TlsPolicy } from "../gateway/backend-tls-policy.ts";
import { controllerName } from "../gateway/class.ts";
import { type Condition, isTrue } from "../gateway/condition.ts";
import type { PolicyAncestor } from "../gateway/policy-ancestors.ts";
import { gatewayGroup } from "../gateway/route-kind.ts";
import { notEnforced } from "../gateway/verdict.ts";
import { observed, type PolicyStatus } from "./object-status.ts";

/** Gateway API, PolicyStatus.ancestors: "A maximum of 16 ancestors will be represented in this list". */
const maxAncestors = 16;

/**
 * Those for whom the list has no room: the youngest Gateways. The API asks that they are told otherwise; the policy holds
 * there all the same, for without it backends would be spoken to in plain text.
 */
export function withoutRoom(ancestors: readonly PolicyAncestor[]): readonly PolicyAncestor[] {
  return ancestors.slice(maxAncestors);
}

/** The condition of a Gateway that policies have no room to name. */
export function policiesWithoutRoom(policies: readonly string[]): readonly Condition[] {
  if (policies.length === 0) return [];
  const message = `The status of ${policies.map((key) => `BackendTLSPolicy ${key}`).join(", ")} names ${maxAncestors} older Gateways and has no room for this one. What it says holds here, too.`;
  return [isTrue("gatewright.dev/PolicyWithoutStatus", "TooManyAncestors", message)];
}

/** Gateway API, PolicyStatus: one entry for each Gateway that the policy matters to, as many as the list may hold. */
export function policyStatus(
  policy: TlsPolicy,
  ancestors: readonly PolicyAncestor[],
  generation: number,
): PolicyStatus {
  return {
    ancestors: ancestors.slice(0, maxAncestors).map(({ gateway, accepted }) => {
      const [namespace = "default", name = ""] = gateway.split("/");
      return {
        ancestorRef: { group: gatewayGroup, kind: "Gateway", namespace, name },
        controllerName,
        conditions: [accepted, policy.resolvedRefs, ...notEnforced(policy.notEnforced)].map((condition) =>
          observed(condition, generation),
        ),
      };
    }),
  };
}
