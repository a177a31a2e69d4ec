/**
 * Writes docs/gateway-parameters.md: every field of GatewayParameters, as the custom resource definition describes it.
 *
 *     node scripts/gateway-parameters-reference.ts
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { CustomResourceDefinition, Schema } from "./generate/schema.ts";

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
  const definition: CustomResourceDefinition = parse(readFileSync(file, "utf8"));
  const spec = definition.spec.versions[0]?.schema.openAPIV3Schema.properties?.["spec"];
  if (spec === undefined) throw new Error(`${file} has no spec`);
  const sections = Object.entries(spec.properties ?? {}).map(([name, section]) => sectionOf(`spec.${name}`, section));
  return [head, ...sections].join("\n");
}

function sectionOf(path: string, schema: Schema): string {
  const rows = rowsOf(path, schema, true).map(
    ([field, type, description]) => `| \`${field}\` | ${type} | ${description} |`,
  );
  return [`## \`${path}\`\n`, `${notes(schema)}\n`, "| field | type | |", "|---|---|---|", ...rows, ""].join("\n");
}

type Row = readonly [field: string, type: string, description: string];

function rowsOf(path: string, schema: Schema, isSection: boolean): readonly Row[] {
  const own: readonly Row[] = isSection ? [] : [[path, typeOf(path, schema), notes(schema)]];
  if (kubernetesOwn[path] !== undefined) return own;
  const inner = schema.items ?? schema;
  const at = schema.items === undefined ? path : `${path}[]`;
  const properties = Object.entries(inner.properties ?? {});
  return [...own, ...properties.flatMap(([name, property]) => rowsOf(`${at}.${name}`, property, false))];
}

function typeOf(path: string, schema: Schema): string {
  const anchor = kubernetesOwn[path];
  if (anchor !== undefined) {
    const [kind = ""] = anchor.split("-");
    return `[${schema.items === undefined ? "" : "list of "}${kind}](https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.36/#${anchor})`;
  }
  if (schema.items !== undefined) return `list of ${typeOf("", schema.items)}`;
  if (schema.additionalProperties !== undefined) return `map to ${typeOf("", schema.additionalProperties)}`;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(", ");
  if (schema["x-kubernetes-int-or-string"] === true)
    return schema["pattern"] === percentage ? "integer or percentage" : "quantity";
  const { minimum, maximum } = schema;
  const range = typeof minimum === "number" && typeof maximum === "number" ? ` ${minimum}–${maximum}` : "";
  return `${schema.type ?? "object"}${range}`;
}

const percentage = "^([0-9]+|[0-9]+%)$";

/** What it is for, and what its rules forbid. */
function notes(schema: Schema): string {
  const rules = schema["x-kubernetes-validations"];
  const messages = Array.isArray(rules) ? rules.map(({ message }: { message: string }) => `Refused: ${message}.`) : [];
  return [plain(schema.description), ...messages].join(" ");
}

/** As it stands in a document whose table names the field already. */
function plain(description = ""): string {
  return description.replaceAll(/\s+/g, " ").replaceAll("|", "\\|").trim();
}

if (process.argv[1] === import.meta.filename) writeFileSync(referenceFile, reference());
