import { experimentalGroup } from "../gateway/route-kind.ts";
import type { Finding } from "../resources/finding.ts";
import { type Analysed, sorted } from "./analysed.ts";
import { findingOf, unenforcedFinding } from "./problem-finding.ts";

/** XTelemetryPolicies that can't be enforced, or hold for nothing. */
export function analyseTelemetryPolicies(analysed: Analysed): readonly Finding[] {
  const { resources, semantics } = analysed;
  return sorted(resources.XTelemetryPolicy).flatMap(([key, { metadata }]) => {
    const { namespace = "default", name } = metadata;
    const resource = { group: experimentalGroup, kind: "XTelemetryPolicy", namespace, name };
    const origin = { resource, path: ["spec", "targetRefs"] };
    const read = semantics.telemetryPolicies.get(key);
    const conflicts = (semantics.telemetryAncestors.get(key) ?? []).flatMap(({ conditions }) =>
      conditions.filter(({ type, status }) => type === "Accepted" && status !== "True"),
    );
    const missing = (read?.targets ?? []).filter((gateway) => resources.Gateway.get(gateway) === undefined);
    return [
      ...(read?.problems ?? []).map((problem) => findingOf(problem, analysed)),
      ...(read?.notEnforced ?? []).map((field) => unenforcedFinding(field, resource)),
      ...conflicts.map(({ message }): Finding => ({ severity: "error", code: "conflicted", message, origin })),
      ...missing.map((gateway): Finding => {
        const message = `There is no Gateway ${gateway}.`;
        return { severity: "warning", code: "target-not-found", message, origin };
      }),
    ];
  });
}
