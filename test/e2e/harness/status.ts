import { deepEqual, ok, partialDeepStrictEqual as partialDeepEqual } from "node:assert/strict";
import type { Condition, RunningGateway } from "./gateway.ts";
import { eventually } from "./wait.ts";

/** Status of each condition by type. */
export function statuses(conditions: readonly Condition[] = []): Readonly<Record<string, string>> {
  return Object.fromEntries(conditions.map(({ type, status }) => [type, status]));
}

/**
 * Asserts that a Gateway's class is accepted, that the Gateway is accepted, programmed and has an address, and each of its
 * listeners too, and how many routes each has attached.
 */
export async function assertGateway(
  gateway: RunningGateway,
  name: string,
  namespace: string,
  attachedRoutes: Readonly<Record<string, number>>,
): Promise<void> {
  await eventually(async () => {
    const { spec, status } = await gateway.get("gateway", name, namespace);
    const { status: ofClass } = await gateway.get("gatewayclass", spec.gatewayClassName ?? "");
    partialDeepEqual(statuses(ofClass?.conditions), { Accepted: "True" });
    partialDeepEqual(statuses(status?.conditions), { Accepted: "True", Programmed: "True" });
    ok((status?.addresses ?? []).length > 0, "it has an address");
    const listeners = status?.listeners ?? [];
    deepEqual(
      Object.fromEntries(listeners.map((listener) => [listener.name, listener.attachedRoutes])),
      attachedRoutes,
    );
    for (const { conditions } of listeners) {
      partialDeepEqual(statuses(conditions), { Accepted: "True", ResolvedRefs: "True", Programmed: "True" });
    }
  });
}

/** Asserts the conditions of a route's only parent; those left out are expected to be True. */
export async function assertRoute(
  gateway: RunningGateway,
  kind: string,
  name: string,
  namespace: string,
  expected: { readonly Accepted?: string; readonly ResolvedRefs?: string } = {},
): Promise<readonly Condition[]> {
  return await eventually(async () => {
    const { status } = await gateway.get(kind, name, namespace);
    const conditions = status?.parents?.flatMap((parent) => parent.conditions) ?? [];
    partialDeepEqual(statuses(conditions), { Accepted: "True", ResolvedRefs: "True", ...expected });
    return conditions;
  });
}
