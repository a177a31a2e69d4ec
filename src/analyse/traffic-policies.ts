import { trafficPolicyTargets } from "../gateway/backend-traffic.ts";
import { targetKey } from "../gateway/policy-target.ts";
import { experimentalGroup } from "../gateway/route-kind.ts";
import type { Finding } from "../resources/finding.ts";
import type { XBackendTrafficPolicy } from "../resources/generated/gateway-api.ts";
import { type Analysed, sorted } from "./analysed.ts";
import { heldByAnother, missingTarget, unusedPolicy } from "./policies.ts";
import { unenforcedFinding } from "./problem-finding.ts";

/** XBackendTrafficPolicies that ask for what can't be done, or hold for nothing. */
export function analyseTrafficPolicies(analysed: Analysed): readonly Finding[] {
  return sorted(analysed.resources.XBackendTrafficPolicy).flatMap(([key, policy]) => {
    const { namespace = "default", name } = policy.metadata;
    const resource = { group: experimentalGroup, kind: "XBackendTrafficPolicy", namespace, name };
    const read = analysed.semantics.backendTraffic.policies.get(key);
    return [
      ...(read?.notEnforced ?? []).map((field) => unenforcedFinding(field, resource)),
      ...policy.spec.targetRefs.flatMap((reference, index) => {
        const found = trafficTarget(analysed, key, policy, reference);
        return found === undefined ? [] : [{ ...found, origin: { resource, path: ["spec", "targetRefs", index] } }];
      }),
      ...unusedPolicy(analysed, "XBackendTrafficPolicy", key, policy),
    ];
  });
}

function trafficTarget(
  analysed: Analysed,
  key: string,
  policy: XBackendTrafficPolicy,
  reference: XBackendTrafficPolicy["spec"]["targetRefs"][number],
): Finding | undefined {
  const { group, kind } = reference;
  const [target] = trafficPolicyTargets({ ...policy, spec: { ...policy.spec, targetRefs: [reference] } });
  if (target === undefined) {
    const message = `An XBackendTrafficPolicy holds for Services and XBackends; ${kind} of group "${group}" is not a kind that Gatewright sends to.`;
    return { severity: "error", code: "invalid-kind", message };
  }
  const holder = analysed.semantics.backendTraffic.holders.get(targetKey(target));
  return missingTarget(analysed, target) ?? heldByAnother("XBackendTrafficPolicy", key, holder);
}
