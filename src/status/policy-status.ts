import type { TlsPolicy } from "../gateway/backend-tls-policy.ts";
import { controllerName } from "../gateway/class.ts";
import type { PolicyAncestor } from "../gateway/policy-ancestors.ts";
import { gatewayGroup } from "../gateway/route-kind.ts";
import { notEnforced } from "../gateway/verdict.ts";
import { observed, type PolicyStatus } from "./object-status.ts";

/** Gateway API, PolicyStatus.ancestors: "A maximum of 16 ancestors will be represented in this list". */
const maxAncestors = 16;

/**
 * Gateway API, PolicyStatus: one entry for each Gateway that the policy matters to.
 *
 * @param taken how many entries are other controllers'
 */
export function policyStatus(
  policy: TlsPolicy,
  ancestors: readonly PolicyAncestor[],
  generation: number,
  taken: number,
): PolicyStatus {
  return {
    ancestors: ancestors.slice(0, Math.max(0, maxAncestors - taken)).map(({ gateway, accepted }) => {
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
