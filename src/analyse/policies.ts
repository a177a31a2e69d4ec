import { backendKey, targetKey } from "../gateway/policy-target.ts";
import { gatewayGroup } from "../gateway/route-kind.ts";
import type { Finding } from "../resources/finding.ts";
import { codeOf } from "../resources/finding-codes.ts";
import type { BackendTLSPolicy } from "../resources/generated/gateway-api.ts";
import { type Analysed, sorted } from "./analysed.ts";
import { findingOf, unenforcedFinding } from "./problem-finding.ts";

/** BackendTLSPolicies that can't be enforced, or hold for nothing. */
export function analysePolicies(analysed: Analysed): readonly Finding[] {
  return sorted(analysed.resources.BackendTLSPolicy).flatMap(([key, policy]) => {
    const { namespace = "default", name } = policy.metadata;
    const resource = { group: gatewayGroup, kind: "BackendTLSPolicy", namespace, name };
    const read = analysed.semantics.backendTls.policies.get(key);
    const refused = read?.problems.length === 0 ? read.refused : undefined;
    return [
      ...(read?.problems ?? []).map(findingOf),
      ...(refused === undefined
        ? []
        : [
            {
              severity: "error",
              code: codeOf(refused.reason),
              message: refused.message,
              origin: { resource, path: ["spec", "validation"] },
            } as const,
          ]),
      ...(read?.notEnforced ?? []).map((field) => unenforcedFinding(field, resource)),
      ...policy.spec.targetRefs.flatMap((target, index) => {
        const found = targetFinding(analysed, key, namespace, target);
        return found === undefined ? [] : [{ ...found, origin: { resource, path: ["spec", "targetRefs", index] } }];
      }),
    ];
  });
}

function targetFinding(
  { resources, semantics }: Analysed,
  policy: string,
  namespace: string,
  { group, kind, name, sectionName }: BackendTLSPolicy["spec"]["targetRefs"][number],
): Finding | undefined {
  if (group !== "" || kind !== "Service") {
    const message = `A BackendTLSPolicy holds for Services; ${kind} of group "${group}" is not a kind that Gatewright sends to.`;
    return { severity: "error", code: "invalid-kind", message };
  }
  const service = `${namespace}/${name}`;
  const ports = resources.Service.get(service)?.spec?.ports;
  if (ports === undefined) {
    return { severity: "warning", code: "target-not-found", message: `There is no Service ${service}.` };
  }
  if (sectionName !== undefined && !ports.some((port) => port.name === sectionName)) {
    const names = ports.flatMap((port) => (port.name === undefined ? [] : [`"${port.name}"`])).join(", ");
    const message = `Service ${service} has no port named "${sectionName}"; it has ${names || "no names"}.`;
    return { severity: "error", code: "target-not-found", message };
  }
  const target = {
    backend: backendKey("Service", service),
    ...(sectionName === undefined ? {} : { portName: sectionName }),
  };
  const holder = semantics.backendTls.holders.get(targetKey(target))?.policy;
  if (holder === undefined || holder === policy) return undefined;
  const message = `BackendTLSPolicy ${holder} is older, or comes first by name, and holds the same target; this one has no effect there.`;
  return { severity: "error", code: "conflicted", message };
}
