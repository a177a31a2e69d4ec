/** Kinds of our own, from definitions that refer to Kubernetes' for what is Kubernetes'. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { amend } from "./core.ts";
import {
  type CustomResourceDefinition,
  type Definitions,
  inlined,
  mapSchema,
  type Schema,
  shortened,
} from "./schema.ts";

/** Definitions of an OpenAPI document, by `dev.gatewright.<version>.<name>`. */
export const ownDefinitions: Definitions = {
  ...definitionsOf("gateway-parameters.yaml"),
  ...definitionsOf("backend-traffic-policy.yaml"),
};

const group = "gatewright.dev";
const version = "v1alpha1";

/** What a kind of our own is called, and what of it kubectl prints. */
interface OwnKind {
  readonly kind: string;
  readonly plural: string;
  readonly shortName: string;
  readonly columns: readonly { readonly name: string; readonly type: string; readonly jsonPath: string }[];
  /** The schema of its status, for a kind that has one. */
  readonly status?: Schema;
}

/** The file of `scripts/generate` that a kind's definitions are in. */
const sources: Readonly<Record<string, string>> = {
  GatewayParameters: "gateway-parameters.yaml",
  BackendTrafficPolicy: "backend-traffic-policy.yaml",
};

/**
 * The CustomResourceDefinitions of our kinds, whole. Of what is Kubernetes' own, descriptions are a sentence long.
 *
 * @param policyStatus the schema of a policy's status, as the Gateway API's own policies have it
 */
export function ownKinds(coreDefinitions: Definitions, policyStatus: Schema): readonly CustomResourceDefinition[] {
  const core = Object.entries(coreDefinitions).map(([name, schema]) => [name, shortened(schema)] as const);
  const definitions = { ...Object.fromEntries(core), ...ownDefinitions };
  return [
    definitionOf(definitions, {
      kind: "GatewayParameters",
      plural: "gatewayparameters",
      shortName: "gwp",
      columns: [
        { name: "Workload", type: "string", jsonPath: ".spec.workload.kind" },
        { name: "Replicas", type: "integer", jsonPath: ".spec.workload.replicas" },
        { name: "Max", type: "integer", jsonPath: ".spec.workload.autoscaling.maxReplicas" },
        { name: "Service", type: "string", jsonPath: ".spec.service.type" },
      ],
    }),
    definitionOf(definitions, {
      kind: "BackendTrafficPolicy",
      plural: "backendtrafficpolicies",
      shortName: "gwbtp",
      columns: [{ name: "Target", type: "string", jsonPath: ".spec.targetRefs[0].name" }],
      status: shortened(policyStatus),
    }),
  ];
}

function definitionOf(
  definitions: Definitions,
  { kind, plural, shortName, columns, status }: OwnKind,
): CustomResourceDefinition {
  const name = `dev.gatewright.${version}.${kind}`;
  const { status: _, ...own } = definitions[name]?.properties ?? {};
  const whole = { ...definitions, [name]: { ...definitions[name], properties: own } };
  const schema = inlined(name, whole, amend);
  const properties = { ...schema.properties, metadata: { type: "object" }, ...(status && { status }) };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames: [shortName],
        categories: ["gateway-api"],
      },
      scope: "Namespaced",
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          ...(status && { subresources: { status: {} } }),
          additionalPrinterColumns: [
            ...columns,
            { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
          ],
          schema: { openAPIV3Schema: mapSchema({ ...schema, properties }, acceptable) },
        },
      ],
    },
  };
}

function definitionsOf(file: string): Definitions {
  return parse(readFileSync(join(import.meta.dirname, file), "utf8"));
}

/** A file of a volume: proxies have none but ours. */
const unusable = "fileKeyRef";

/** What the API server asks of a structural schema beyond what an OpenAPI document says. */
function acceptable(schema: Schema): Schema {
  if (schema.properties?.[unusable] !== undefined) {
    const { [unusable]: _, ...properties } = schema.properties;
    return { ...schema, properties };
  }
  // Lists whose keys may be left out can't be maps there.
  const keys = schema["x-kubernetes-list-map-keys"];
  const isMap = Array.isArray(keys) && keys.every((key) => schema.items?.required?.includes(key));
  const { "x-kubernetes-list-map-keys": _, "x-kubernetes-list-type": type, ...rest } = schema;
  if (type === undefined) return schema;
  return type === "map" && !isMap ? { ...rest, "x-kubernetes-list-type": "atomic" } : schema;
}

/** As `kubectl apply --server-side -f` takes it. */
export function definitionText({ spec, ...definition }: CustomResourceDefinition): string {
  const head = `# @generated by scripts/generate-gateway-api.ts from scripts/generate/${sources[spec.names.kind]}\n`;
  const versions = spec.versions.map(({ schema, ...rest }) => ({
    ...rest,
    schema: { openAPIV3Schema: withStatusOf(schema.openAPIV3Schema, mapSchema(schema.openAPIV3Schema, emptyable)) },
  }));
  return (
    head + stringify({ ...definition, spec: { ...spec, versions } }, { lineWidth: 120, aliasDuplicateObjects: false })
  );
}

/** Nobody but a controller writes a status. */
function withStatusOf({ properties: whole = {} }: Schema, { properties, ...schema }: Schema): Schema {
  const { status } = whole;
  return { ...schema, properties: { ...properties, ...(status && { status }) } };
}

/**
 * Whoever takes all fields out of an object by server-side apply leaves null behind, which the API server would refuse. It means what
 * {} means, and is read as nothing at all.
 */
function emptyable(schema: Schema): Schema {
  const { properties } = schema;
  if (properties === undefined) return schema;
  const isCompound = ({ type }: Schema) => type === "object" || type === "array";
  return {
    ...schema,
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [
        name,
        isCompound(property) && name !== "metadata" ? { ...property, nullable: true } : property,
      ]),
    ),
  };
}
