import type { Reader } from "../collections/collection.ts";
import type { BackendRef } from "../resources/generated/gateway-api.ts";
import { type BackendContext, type BackendTarget, invalidBackendTls } from "./backend.ts";
import { distinctUses } from "./compiled-rule.ts";
import type { UnenforcedField } from "./not-enforced.ts";
import type { PolicyTarget } from "./policy-target.ts";
import type { Problem } from "./problem.ts";
import { resolveBackend } from "./resolve-backend.ts";
import type { Route } from "./route.ts";

/** A share of a TCP, TLS or UDP route; without a target it is refused. */
export interface StreamBackend {
  readonly weight: number;
  readonly target?: BackendTarget;
  /** Where a share without a target goes on a listener that passes TLS through. */
  readonly asIs?: BackendTarget;
}

/** What a TCPRoute, TLSRoute or UDPRoute means. */
export interface CompiledStream {
  readonly backends: readonly StreamBackend[];
  readonly uses: readonly PolicyTarget[];
  readonly problems: readonly Problem[];
  /** Those that don't matter where TLS is passed through. */
  readonly problemsOfTls: readonly Problem[];
  readonly notEnforced: readonly UnenforcedField[];
}

interface StreamRule {
  readonly backendRefs?: readonly BackendRef[];
}

/**
 * Gateway API, TCPRouteRule, TLSRouteRule and UDPRouteRule: rules have no matches, so all traffic is the first rule's,
 * and further ones are reported as not enforced.
 */
export function compileStream(
  rules: readonly StreamRule[],
  route: Route,
  reader: Reader,
  context: BackendContext,
): CompiledStream {
  const resolved = (rules[0]?.backendRefs ?? []).map((reference, index) => ({
    weight: reference.weight,
    ...resolveBackend(reader, context, route.kind, route.reference.namespace, reference, {
      resource: route.reference,
      path: ["spec", "rules", 0, "backendRefs", index],
    }),
  }));
  const problems = resolved.flatMap(({ problem }) => problem ?? []);
  return {
    backends: resolved
      .filter(({ weight }) => weight > 0)
      .map((backend) => {
        if (backend.target !== undefined) return { weight: backend.weight, target: backend.target };
        return { weight: backend.weight, ...(backend.asIs === undefined ? {} : { asIs: backend.asIs }) };
      }),
    uses: distinctUses(resolved.flatMap(({ use }) => use ?? [])),
    problems: problems.filter(({ reason }) => reason !== invalidBackendTls),
    problemsOfTls: problems.filter(({ reason }) => reason === invalidBackendTls),
    notEnforced: rules.slice(1).map((_, index) => ({
      path: ["spec", "rules", index + 1],
      because: "Rules have no matches, so that the first has all traffic.",
    })),
  };
}
