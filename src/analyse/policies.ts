import { policyTargets } from "../gateway/backend-tls-policy.ts";
import { describeBackend, type PolicyTarget, targetKey } from "../gateway/policy-target.ts";
import { gatewayGroup } from "../gateway/route-kind.ts";
import type { Finding } from "../resources/finding.ts";
import { codeOf } from "../resources/finding-codes.ts";
import type { BackendTLSPolicy, XBackendTrafficPolicy } from "../resources/generated/gateway-api.ts";
import type { BackendTrafficPolicy } from "../resources/generated/gatewright-api.ts";
import { splitApiVersion } from "../resources/kinds.ts";
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
      ...(read?.problems ?? []).map((problem) => findingOf(problem, analysed)),
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
      ...policy.spec.targetRefs.flatMap((reference, index) => {
        const found = tlsTarget(analysed, key, policy, reference);
        return found === undefined ? [] : [{ ...found, origin: { resource, path: ["spec", "targetRefs", index] } }];
      }),
      ...unusedPolicy(analysed, "BackendTLSPolicy", key, policy),
    ];
  });
}

/** A policy that holds for nobody, though its targets are there: no Gateway sends to them in a way that it is about. */
export function unusedPolicy(
  { semantics, resources }: Analysed,
  kind: "BackendTLSPolicy" | "XBackendTrafficPolicy" | "BackendTrafficPolicy",
  key: string,
  { apiVersion, metadata, spec }: BackendTLSPolicy | XBackendTrafficPolicy | BackendTrafficPolicy,
): readonly Finding[] {
  const { namespace = "default", name } = metadata;
  const isThere = spec.targetRefs.some(({ kind: target, name: targetName }) =>
    resources[target === "Service" ? "Service" : "XBackend"].get(`${namespace}/${targetName}`),
  );
  // Documents without routes are a part of the whole.
  const hasRoutes = semantics.attachments.size > 0;
  if (!isThere || !hasRoutes || (semantics.ancestors[kind].get(key) ?? []).length > 0) return [];
  const { group } = splitApiVersion(apiVersion);
  const message = `${kind} ${key} has no effect: no Gateway sends to its targets in a way that it is about.`;
  return [
    {
      severity: "warning",
      code: "not-enforced",
      message,
      origin: { resource: { group, kind, namespace, name }, path: [] },
    },
  ];
}

function tlsTarget(
  analysed: Analysed,
  key: string,
  policy: BackendTLSPolicy,
  reference: BackendTLSPolicy["spec"]["targetRefs"][number],
): Finding | undefined {
  const { group, kind } = reference;
  const [target] = policyTargets({ ...policy, spec: { ...policy.spec, targetRefs: [reference] } });
  if (target === undefined) {
    const message = `A BackendTLSPolicy holds for Services; ${kind} of group "${group}" is not a kind that Gatewright sends to.`;
    return { severity: "error", code: "invalid-kind", message };
  }
  const holder = analysed.semantics.backendTls.holders.get(targetKey(target))?.policy;
  return missingTarget(analysed, target) ?? heldByAnother("BackendTLSPolicy", key, holder);
}

/** A policy for a backend, or a port of one, that is not there. */
export function missingTarget({ resources }: Analysed, { backend, portName }: PolicyTarget): Finding | undefined {
  const [kind, ...key] = backend.split("/");
  const object = resources[kind === "Service" ? "Service" : "XBackend"].get(key.join("/"));
  if (object === undefined) {
    const message = `There is no ${describeBackend(backend)}.`;
    return { severity: "warning", code: "target-not-found", message };
  }
  const ports = object.kind === "Service" ? (object.spec?.ports ?? []) : [];
  if (portName === undefined || ports.some((port) => port.name === portName)) return undefined;
  const names = ports.flatMap((port) => (port.name === undefined ? [] : [`"${port.name}"`])).join(", ");
  const message = `${describeBackend(backend)} has no port named "${portName}"; it has ${names || "no names"}.`;
  return { severity: "error", code: "target-not-found", message };
}

/** A policy for what an older one holds. */
export function heldByAnother(kind: string, policy: string, holder: string | undefined): Finding | undefined {
  if (holder === undefined || holder === policy) return undefined;
  const message = `${kind} ${holder} is older, or comes first by name, and holds the same target; this one has no effect there.`;
  return { severity: "error", code: "conflicted", message };
}
