/**
 * Writes docs/gateway-parameters.md: every field of GatewayParameters, as the custom resource definition describes it.
 *
 *     node scripts/gateway-parameters-reference.ts
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fieldSections } from "./definition-reference.ts";

const root = join(import.meta.dirname, "..");

/** The file that {@link reference} is kept in. */
export const referenceFile = join(root, "docs/gateway-parameters.md");

/** Fields whose type is Kubernetes' own, and where its reference describes it. */
const kubernetesOwn: Readonly<Record<string, string>> = {
  "spec.pod.affinity": "affinity-v1-core",
  "spec.pod.tolerations": "toleration-v1-core",
  "spec.pod.topologySpreadConstraints": "topologyspreadconstraint-v1-core",
  "spec.envoy.env": "envvar-v1-core",
  "spec.workload.autoscaling.metrics": "metricspec-v2-autoscaling",
  "spec.workload.autoscaling.behavior": "horizontalpodautoscalerbehavior-v2-autoscaling",
};

const head = `# GatewayParameters

How the proxies of Gateways run, and how they are reached. A GatewayClass names GatewayParameters for all of its Gateways
(\`spec.parametersRef\`, with a namespace), a Gateway for itself (\`spec.infrastructure.parametersRef\`, in its own namespace). What the
Gateway's say goes before what its class's say, field by field: labels, annotations and the like by key; lists,
\`spec.tracing\` and what is Kubernetes' own, as a whole. Of what excludes each other (replicas, autoscaling and a DaemonSet, for
example), the Gateway's takes the place of its class's.

The controller makes the pods that GatewayParameters describe, so who writes \`spec.pod\`, or \`image\`, \`env\` or
\`extraBootstrap\` of \`spec.envoy\`, must be allowed to create Deployments in that namespace: the ValidatingAdmissionPolicy
\`gatewright-parameters\` asks.

\`spec.tracing\` may name a collector of another namespace where a ReferenceGrant there allows it to GatewayParameters of theirs, those
of a class included. [What the fields mean](telemetry.md) is what they mean in an XTelemetryPolicy.

\`gatewright run\`, with one Envoy on this machine, starts no proxies: it says in NotEnforced that GatewayParameters have no effect
there, and reads none. A parametersRef of another kind is refused everywhere, with InvalidParameters.

Made from charts/gatewright/crds/gatewayparameters.yaml by \`node scripts/gateway-parameters-reference.ts\`.
`;

/** The text of docs/gateway-parameters.md. */
export function reference(): string {
  const file = join(root, "charts/gatewright/crds/gatewayparameters.yaml");
  return [head, ...fieldSections(file, kubernetesOwn)].join("\n");
}

if (process.argv[1] === import.meta.filename) writeFileSync(referenceFile, reference());
