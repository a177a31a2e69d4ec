import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import type { ControlPlane } from "../control-plane/control-plane.ts";
import { createPlane, put, readGoldens } from "./testing/golden.ts";

const golden = (await readGoldens()).find(({ name }) => name === "backend-tls-policy/authorities");

/** GEP-5075, "API Availability". */
test("an API server without ClusterTrustBundles: the kind is said to be the reason, and the feature is not told", () => {
  const plane = createPlane();
  put(plane, golden?.objects ?? []);
  const before = told(plane);
  const kind = { group: "certificates.k8s.io", kind: "ClusterTrustBundle" };
  plane.setServed([{ kind, served: false }]);
  const without = told(plane);
  plane.setServed([{ kind, served: true }]);
  deepEqual([before, told(plane)], [{ resolved: ["ResolvedRefs"], feature: true }, before]);
  deepEqual(without, { resolved: ["InvalidKind", "ResolvedRefs"], feature: false });
});

/** Reasons of ResolvedRefs of all policies, and whether the class tells of the feature. */
function told({ status }: ControlPlane) {
  const reasons = new Set<string>();
  let feature = false;
  for (const [, { status: one }] of status.entries()) {
    if ("ancestors" in one) {
      for (const { type, reason } of one.ancestors.flatMap(({ conditions }) => conditions)) {
        if (type === "ResolvedRefs") reasons.add(reason);
      }
    }
    if ("supportedFeatures" in one) feature ||= one.supportedFeatures.some(({ name }) => name === "ClusterTrustBundle");
  }
  return { resolved: [...reasons].sort(), feature };
}
