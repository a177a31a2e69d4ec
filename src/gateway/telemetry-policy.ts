import type { Reader } from "../collections/collection.ts";
import type { XTelemetryPolicy } from "../resources/generated/gateway-api.ts";
import type { BackendContext } from "./backend.ts";
import type { Condition } from "./condition.ts";
import { resolvedRefs } from "./problem.ts";
import { experimentalGroup, gatewayGroup } from "./route-kind.ts";
import { type ReadTracing, readTracing } from "./tracing-config.ts";

/** An XTelemetryPolicy by itself: what it asks for, and whether that can be done. */
export interface TelemetryPolicy extends ReadTracing {
  /** Gateways, `namespace/name`, each once. */
  readonly targets: readonly string[];
  readonly resolvedRefs: Condition;
}

/** TelemetryPolicySpec.targetRefs: Gateways of the policy's own namespace. */
export function telemetryTargets({ metadata, spec }: XTelemetryPolicy): readonly string[] {
  const gateways = spec.targetRefs.filter(({ group, kind }) => group === gatewayGroup && kind === "Gateway");
  return [...new Set(gateways.map(({ name }) => `${metadata.namespace ?? "default"}/${name}`))];
}

/** Gateway API, TelemetryPolicySpec. Without a `mode`, or with ImplementationDefault, nothing is traced. */
export function readTelemetryPolicy(
  policy: XTelemetryPolicy,
  reader: Reader,
  context: BackendContext,
): TelemetryPolicy {
  const { namespace = "default", name } = policy.metadata;
  const resource = { group: experimentalGroup, kind: "XTelemetryPolicy", namespace, name };
  const targets = telemetryTargets(policy);
  const otherTargets = policy.spec.targetRefs.flatMap(({ group, kind }, index) =>
    group === gatewayGroup && kind === "Gateway"
      ? []
      : [
          {
            path: ["spec", "targetRefs", index],
            because: `An XTelemetryPolicy holds for Gateways, and for no ${kind}.`,
          },
        ],
  );
  const { tracing: config } = policy.spec;
  if (config?.mode !== "Enabled" || config.provider === undefined) {
    return { targets, resolvedRefs: resolvedRefs([]), notEnforced: otherTargets, problems: [] };
  }
  const read = readTracing(
    { ...config, provider: config.provider },
    { ...resource, kind: "XTelemetryPolicy" },
    reader,
    context,
  );
  return {
    ...read,
    targets,
    resolvedRefs: resolvedRefs(read.problems),
    notEnforced: [...otherTargets, ...read.notEnforced],
  };
}
