import type { TlsPolicy } from "../gateway/backend-tls-policy.ts";
import { controllerName } from "../gateway/class.ts";
import type { PolicyAncestor } from "../gateway/policy-ancestors.ts";
import { gatewayGroup } from "../gateway/route-kind.ts";
import { notEnforced } from "../gateway/verdict.ts";
import { observed, type PolicyStatus } from "./object-status.ts";

/** Gateway API, PolicyStatus.ancestors: "A maximum of 16 ancestors will be represented in this list". */
const maxAncestors = 16;

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
