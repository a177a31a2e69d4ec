import { controllerName } from "../gateway/class.ts";
import type { RouteAttachment } from "../gateway/derive-routes.ts";
import type { RouteVerdict } from "../gateway/verdict.ts";
import { observed, type RouteStatus } from "./object-status.ts";
import { type Refusal, type RefusedRule, withRefusedBackends, withRefusedRules } from "./refusal.ts";

/** What Envoy refuses of a route. */
export interface RefusedOfRoute {
  readonly rules: readonly RefusedRule[];
  /** How many rules it has. */
  readonly of: number;
  readonly backends: readonly Refusal[];
}

/** Gateway API, RouteStatus: one entry for each parentRef that names a Gateway of ours, with its own Accepted. */
export function routeStatus(
  { parents }: RouteAttachment,
  verdict: RouteVerdict | undefined,
  generation: number,
  refused: RefusedOfRoute,
): RouteStatus {
  return {
    parents: parents.map(({ parentRef, accepted }) => ({
      parentRef,
      controllerName,
      conditions: withRefusedBackends(
        withRefusedRules(
          [
            accepted,
            ...(verdict === undefined ? [] : [verdict.resolvedRefs]),
            ...(verdict === undefined || accepted.status !== "True" ? [] : verdict.further),
          ],
          refused.rules,
          refused.of,
        ),
        refused.backends,
      ).map((condition) => observed(condition, generation)),
    })),
  };
}
