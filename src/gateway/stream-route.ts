import type { Reader } from "../collections/collection.ts";
import type { BackendRef } from "../resources/generated/gateway-api.ts";
import { type BackendContext, type BackendTarget, resolveBackend } from "./backend.ts";
import type { Problem } from "./problem.ts";
import type { Route } from "./route.ts";

/** A share of a TCP, TLS or UDP route; without a target it is refused. */
export interface StreamBackend {
  readonly weight: number;
  readonly target?: BackendTarget;
}

/** What a TCPRoute, TLSRoute or UDPRoute means. */
export interface CompiledStream {
  readonly backends: readonly StreamBackend[];
  readonly problems: readonly Problem[];
  readonly notEnforced: readonly string[];
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
  return {
    backends: resolved
      .filter(({ weight }) => weight > 0)
      .map(({ weight, target }) => (target === undefined ? { weight } : { weight, target })),
    problems: resolved.flatMap(({ problem }) => (problem === undefined ? [] : [problem])),
    notEnforced: rules.slice(1).map((_, index) => `spec.rules[${index + 1}]`),
  };
}
