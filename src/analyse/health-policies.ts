import { healthPolicyTargets } from "../gateway/backend-health.ts";
import { targetKey } from "../gateway/policy-target.ts";
import type { Finding } from "../resources/finding.ts";
import { ownGroup } from "../resources/identify.ts";
import { type Analysed, sorted } from "./analysed.ts";
import { heldByAnother, missingTarget, unusedPolicy } from "./policies.ts";

/** BackendTrafficPolicies that hold for nothing. */
export function analyseHealthPolicies(analysed: Analysed): readonly Finding[] {
  return sorted(analysed.resources.BackendTrafficPolicy).flatMap(([key, policy]) => {
    const { namespace = "default", name } = policy.metadata;
    const resource = { group: ownGroup, kind: "BackendTrafficPolicy", namespace, name };
    return [
      ...healthPolicyTargets(policy).flatMap((target, index) => {
        const holder = analysed.semantics.backendHealth.holders.get(targetKey(target));
        const found = missingTarget(analysed, target) ?? heldByAnother("BackendTrafficPolicy", key, holder);
        return found === undefined ? [] : [{ ...found, origin: { resource, path: ["spec", "targetRefs", index] } }];
      }),
      ...unusedPolicy(analysed, "BackendTrafficPolicy", key, policy),
    ];
  });
}
