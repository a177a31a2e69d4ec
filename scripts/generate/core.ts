/**
 * Kubernetes' own kinds in the shape of CustomResourceDefinitions, so that one loader reads all kinds.
 *
 * Their OpenAPI document leaves out what the API server's Go code checks and fills in. What a person easily gets wrong
 * is added here, from pkg/apis/{core,discovery}/validation and the `+enum` types and defaults of k8s.io/api.
 */
import { type CustomResourceDefinition, type Definitions, inlined, type Schema } from "./schema.ts";

/** Kinds that Gatewright reads, with their versions, the one that types are written for first. */
export const coreKinds = [
  { group: "", kind: "ConfigMap", plural: "configmaps", scope: "Namespaced", versions: ["v1"] },
  { group: "", kind: "Endpoints", plural: "endpoints", scope: "Namespaced", versions: ["v1"] },
  { group: "", kind: "Namespace", plural: "namespaces", scope: "Cluster", versions: ["v1"] },
  { group: "", kind: "Secret", plural: "secrets", scope: "Namespaced", versions: ["v1"] },
  { group: "", kind: "Service", plural: "services", scope: "Namespaced", versions: ["v1"] },
  { group: "discovery.k8s.io", kind: "EndpointSlice", plural: "endpointslices", scope: "Namespaced", versions: ["v1"] },
  {
    group: "certificates.k8s.io",
    kind: "ClusterTrustBundle",
    plural: "clustertrustbundles",
    scope: "Cluster",
    versions: ["v1beta1", "v1alpha1"],
  },
] as const;

/** A core kind as a CustomResourceDefinition. */
export function coreDefinition(kind: (typeof coreKinds)[number], definitions: Definitions): CustomResourceDefinition {
  const versions = kind.versions.map((name, index) => {
    const schema = inlined(`io.k8s.api.${packageOf(kind.group)}.${name}.${kind.kind}`, definitions, amend);
    const properties = { ...schema.properties, metadata: { type: "object" } };
    return { name, served: true, storage: index === 0, schema: { openAPIV3Schema: { ...schema, properties } } };
  });
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: kind.group === "" ? kind.plural : `${kind.plural}.${kind.group}` },
    spec: {
      group: kind.group,
      names: { kind: kind.kind, listKind: `${kind.kind}List`, plural: kind.plural, singular: kind.kind.toLowerCase() },
      scope: kind.scope,
      versions,
    },
  };
}

/** @example packageOf("discovery.k8s.io")  // "discovery" */
function packageOf(group: string): string {
  return group === "" ? "core" : group.replace(/\..*$/, "");
}

/** The schema of every object's `metadata`. */
export function objectMeta(definitions: Definitions): Schema {
  return inlined("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", definitions, amend);
}

/** What a definition of Kubernetes' leaves out, added to it. */
export function amend(name: string, definition: Schema): Schema {
  const { required = [], properties = {} } = amendments[name] ?? {};
  const amended = Object.entries(properties).map(([key, words]) => {
    const property = definition.properties?.[key];
    if (property === undefined) throw new Error(`${name} has no ${key}`);
    return [key, { ...property, ...words }] as const;
  });
  return {
    ...definition,
    ...(required.length > 0 && { required: [...(definition.required ?? []), ...required] }),
    ...(definition.properties && { properties: { ...definition.properties, ...Object.fromEntries(amended) } }),
  };
}

const port = { minimum: 1, maximum: 65_535 };
const protocol = { enum: ["TCP", "UDP", "SCTP"], default: "TCP" };

interface Amendment {
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Partial<Schema>>>;
}

/** What no default says: `targetPort` is `port`, a Namespace has a label with its name, `stringData` goes into `data`. */
const amendments: Readonly<Record<string, Amendment>> = {
  "io.k8s.api.core.v1.Secret": { properties: { type: { default: "Opaque" } } },
  "io.k8s.api.core.v1.Service": { required: ["spec"] },
  "io.k8s.api.core.v1.ServiceSpec": {
    properties: {
      externalTrafficPolicy: { enum: ["Cluster", "Local"] },
      internalTrafficPolicy: { enum: ["Cluster", "Local"] },
      ipFamilies: { items: { type: "string", enum: ["IPv4", "IPv6"] }, maxItems: 2 },
      ipFamilyPolicy: { enum: ["SingleStack", "PreferDualStack", "RequireDualStack"] },
      sessionAffinity: { enum: ["ClientIP", "None"], default: "None" },
      type: { enum: ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"], default: "ClusterIP" },
    },
  },
  "io.k8s.api.core.v1.ServicePort": { properties: { port, protocol } },
  "io.k8s.api.core.v1.PortStatus": { properties: { port, protocol: { enum: protocol.enum } } },
  "io.k8s.api.core.v1.EndpointPort": { properties: { port, protocol } },
  "io.k8s.api.core.v1.Toleration": {
    properties: {
      effect: { enum: ["NoSchedule", "PreferNoSchedule", "NoExecute"] },
      operator: { enum: ["Equal", "Exists"] },
    },
  },
  "io.k8s.api.core.v1.NodeSelectorRequirement": {
    properties: { operator: { enum: ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"] } },
  },
  "io.k8s.api.core.v1.TopologySpreadConstraint": {
    properties: {
      maxSkew: { minimum: 1 },
      nodeAffinityPolicy: { enum: ["Honor", "Ignore"] },
      nodeTaintsPolicy: { enum: ["Honor", "Ignore"] },
      whenUnsatisfiable: { enum: ["DoNotSchedule", "ScheduleAnyway"] },
    },
  },
  "io.k8s.api.autoscaling.v2.MetricSpec": {
    properties: { type: { enum: ["ContainerResource", "External", "Object", "Pods", "Resource"] } },
  },
  "io.k8s.api.autoscaling.v2.MetricTarget": {
    properties: { type: { enum: ["AverageValue", "Utilization", "Value"] } },
  },
  "io.k8s.api.autoscaling.v2.HPAScalingPolicy": {
    properties: {
      periodSeconds: { minimum: 1, maximum: 1800 },
      type: { enum: ["Percent", "Pods"] },
      value: { minimum: 1 },
    },
  },
  "io.k8s.api.autoscaling.v2.HPAScalingRules": { properties: { selectPolicy: { enum: ["Max", "Min", "Disabled"] } } },
  "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement": {
    properties: { operator: { enum: ["In", "NotIn", "Exists", "DoesNotExist"] } },
  },
  "io.k8s.apimachinery.pkg.apis.meta.v1.Condition": { properties: { status: { enum: ["True", "False", "Unknown"] } } },
  "io.k8s.api.discovery.v1.EndpointSlice": {
    properties: {
      addressType: { enum: ["IPv4", "IPv6", "FQDN"] },
      endpoints: { maxItems: 1000 },
      ports: { maxItems: 20_000 },
    },
  },
  "io.k8s.api.discovery.v1.Endpoint": { properties: { addresses: { minItems: 1, maxItems: 100 } } },
  "io.k8s.api.discovery.v1.EndpointPort": { properties: { name: { default: "" }, port, protocol } },
};
