import type { Collection, Reader } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import { type BackendTlsCollections, targetKey } from "./backend-tls.ts";
import type { PolicyTarget, TlsPolicy } from "./backend-tls-policy.ts";
import { type Condition, isFalse, isTrue } from "./condition.ts";
import type { ListenerCollections } from "./derive-listeners.ts";
import type { RouteCollections } from "./derive-routes.ts";
import type { Resources } from "./inputs.ts";
import { compareSeniority } from "./precedence.ts";

/** A Gateway whose routes send to a target of a policy, and what became of the policy there. */
export interface PolicyAncestor {
  /** `namespace/name`. */
  readonly gateway: string;
  readonly accepted: Condition;
}

/** Every Gateway that a BackendTLSPolicy matters to, the oldest first; none where no route sends to its targets. */
export function derivePolicyAncestors(
  graph: Graph,
  resources: Resources,
  { gateways }: ListenerCollections,
  { usesByService }: RouteCollections,
  { policies, holders }: BackendTlsCollections,
): Collection<readonly PolicyAncestor[]> {
  return graph.derive("policyAncestors", policies, (policy, key, reader) => {
    const causes = new Map<string, Condition[]>();
    for (const target of policy.targets) {
      const cause = refusal(policy, key, target, reader, resources, holders);
      for (const { value: use } of reader.fetch(usesByService, target.service) ?? []) {
        // A port that is not there can be used by nobody; the Service's users are told.
        const concerned =
          target.portName === undefined || use.portName === target.portName || cause?.reason === "TargetNotFound";
        if (!concerned) continue;
        const known = causes.get(use.gateway) ?? [];
        causes.set(use.gateway, cause === undefined || known.includes(cause) ? known : [...known, cause]);
      }
    }
    const seniority = (gateway: string) => ({
      created: reader.fetch(gateways, gateway)?.metadata.creationTimestamp,
      key: gateway,
    });
    return [...causes.entries()]
      .sort(([left], [right]) => compareSeniority(seniority(left), seniority(right)))
      .map(([gateway, found]) => ({ gateway, accepted: accepted(policy, found) }));
  });
}

/** Why a policy does not hold for a target. */
function refusal(
  policy: TlsPolicy,
  key: string,
  target: PolicyTarget,
  { fetch }: Reader,
  resources: Resources,
  holders: BackendTlsCollections["holders"],
): Condition | undefined {
  const service = fetch(resources.Service, target.service);
  const ports = service?.spec?.ports ?? [];
  if (target.portName !== undefined && !ports.some(({ name }) => name === target.portName)) {
    const named = ports.flatMap(({ name }) => (name === undefined ? [] : [`"${name}"`])).join(", ");
    const message = `Service ${target.service} has no port named "${target.portName}"; it has ${named || "no names"}.`;
    return isFalse("Accepted", "TargetNotFound", message);
  }
  const holder = fetch(holders, targetKey(target));
  if (holder !== undefined && holder.policy !== key) {
    const what = target.portName === undefined ? "" : `port "${target.portName}" of `;
    const message = `BackendTLSPolicy ${holder.policy}, which is older or comes first by name, holds ${what}Service ${target.service}.`;
    return isFalse("Accepted", "Conflicted", message);
  }
  return policy.refused;
}

function accepted(policy: TlsPolicy, causes: readonly Condition[]): Condition {
  const [first] = causes;
  if (first === undefined) {
    return isTrue("Accepted", "Accepted", `Connections are made in TLS for ${policy.tls.serverName}.`);
  }
  return { ...first, message: causes.map(({ message }) => message).join(" ") };
}
