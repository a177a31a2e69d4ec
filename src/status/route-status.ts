import { controllerName } from "../gateway/class.ts";
import type { RouteAttachment } from "../gateway/derive-routes.ts";
import type { RouteVerdict } from "../gateway/verdict.ts";
import { observed, type RouteStatus } from "./object-status.ts";

/** Gateway API, RouteStatus: one entry for each parentRef that names a Gateway of ours, with its own Accepted. */
export function routeStatus(
  { parents }: RouteAttachment,
  verdict: RouteVerdict | undefined,
  generation: number,
): RouteStatus {
  return {
    parents: parents.map(({ parentRef, accepted }) => ({
      parentRef,
      controllerName,
      conditions: [
        accepted,
        ...(verdict === undefined ? [] : [verdict.resolvedRefs]),
        ...(verdict === undefined || accepted.status !== "True" ? [] : verdict.further),
      ].map((condition) => observed(condition, generation)),
    })),
  };
}
