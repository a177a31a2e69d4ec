import type { KubernetesObject } from "../resources/object.ts";
import { isJsonObject, type Json } from "../resources/schema.ts";

/**
 * Fields that are accepted and change nothing of what is served. docs/fields.md is made from this table too, and
 * test/fields.test.ts proves that it is neither too long nor too short.
 */
export interface FieldsWithoutEffect {
  readonly kind: string;
  /** As in the schema: `endpoints[].hints.forZones[].name`, `spec.selector.*`. */
  readonly fields: readonly string[];
  /** Groups of values of its list that are alike; absent where nothing about the field has an effect. */
  readonly alike?: readonly (readonly Json[])[];
  /** A sentence that says why. */
  readonly because: string;
  /** Who should be told; absent where nobody expects anything else, or Kubernetes itself writes them. */
  readonly told?: {
    /** `used`: of Services that a route sends to. `by hand`: of objects that none of Kubernetes' controllers wrote. */
    readonly whom: "everybody" | "used" | "by hand";
    /** What Kubernetes fills in where nothing is given. */
    readonly unless?: Json;
    readonly remedy?: string;
  };
}

const toEndpoints = "A Gateway sends to the Service's endpoints, not to the Service's own addresses";

export const fieldsWithoutEffect: readonly FieldsWithoutEffect[] = [
  {
    kind: "Service",
    fields: ["spec.sessionAffinity", "spec.sessionAffinityConfig.clientIP.timeoutSeconds"],
    because: `${toEndpoints}, and picks one for each request.`,
    told: { whom: "used", unless: "None", remedy: "Use sessionPersistence in the rule of the route." },
  },
  {
    kind: "Service",
    fields: ["spec.trafficDistribution"],
    because: "A Gateway sends to all ready endpoints alike, wherever they are.",
    told: { whom: "used" },
  },
  {
    kind: "Service",
    fields: ["spec.internalTrafficPolicy", "spec.externalTrafficPolicy"],
    because: `${toEndpoints}, on whatever node they are.`,
    told: { whom: "used", unless: "Cluster" },
  },
  {
    kind: "Service",
    fields: ["spec.loadBalancerSourceRanges[]", "spec.externalIPs[]"],
    because: `${toEndpoints}, whatever these let in.`,
    told: { whom: "used" },
  },
  {
    kind: "Service",
    fields: [
      "spec.allocateLoadBalancerNodePorts",
      "spec.clusterIP",
      "spec.clusterIPs[]",
      "spec.healthCheckNodePort",
      "spec.ipFamilies[]",
      "spec.ipFamilyPolicy",
      "spec.loadBalancerClass",
      "spec.loadBalancerIP",
      "spec.ports[].nodePort",
    ],
    because: `Kubernetes and load balancers give the Service its own addresses by it. ${toEndpoints}.`,
  },
  {
    kind: "Service",
    fields: ["spec.selector.*", "spec.ports[].targetPort"],
    because: "Kubernetes writes EndpointSlices by it, and those are read.",
  },
  {
    kind: "Service",
    fields: ["spec.type"],
    alike: [["ClusterIP", "NodePort", "LoadBalancer"]],
    because: `Only ExternalName differs from the others: ${toEndpoints.replace("A Gateway", "a Gateway")}.`,
  },
  {
    kind: "XBackend",
    fields: ["spec.protocol"],
    alike: [
      ["HTTP2", "H2C", "GRPC"],
      ["HTTP11", "WSS", "MCP"],
    ],
    because: "HTTP2, H2C and GRPC are spoken as HTTP/2, HTTP11, WSS and MCP as HTTP/1.1.",
  },
  {
    kind: "EndpointSlice",
    fields: [
      "endpoints[].deprecatedTopology.*",
      "endpoints[].hints.forNodes[].name",
      "endpoints[].hints.forZones[].name",
      "endpoints[].zone",
      "endpoints[].nodeName",
      "endpoints[].hostname",
      "endpoints[].targetRef.apiVersion",
      "endpoints[].targetRef.fieldPath",
      "endpoints[].targetRef.kind",
      "endpoints[].targetRef.name",
      "endpoints[].targetRef.namespace",
      "endpoints[].targetRef.resourceVersion",
      "endpoints[].targetRef.uid",
    ],
    because: "A Gateway sends to all ready endpoints alike, wherever and whatever they are.",
    told: { whom: "by hand" },
  },
  {
    kind: "EndpointSlice",
    fields: ["ports[].appProtocol"],
    because: "The Service's own appProtocol says how it is spoken to; Kubernetes copies it.",
    told: { whom: "by hand", remedy: "Set spec.ports[].appProtocol of the Service." },
  },
  {
    kind: "Endpoints",
    fields: ["subsets[].ports[].appProtocol"],
    because: "The Service's own appProtocol says how it is spoken to; Kubernetes copies it.",
    told: { whom: "by hand", remedy: "Set spec.ports[].appProtocol of the Service." },
  },
  {
    kind: "Endpoints",
    fields: ["addresses", "notReadyAddresses"].flatMap((list) =>
      [
        "hostname",
        "nodeName",
        "targetRef.apiVersion",
        "targetRef.fieldPath",
        "targetRef.kind",
        "targetRef.name",
        "targetRef.namespace",
        "targetRef.resourceVersion",
        "targetRef.uid",
      ].map((field) => `subsets[].${list}[].${field}`),
    ),
    because: "A Gateway sends to all ready endpoints alike, wherever and whatever they are.",
    told: { whom: "by hand" },
  },
  { kind: "ConfigMap", fields: ["immutable"], because: "The API server enforces it." },
  { kind: "Secret", fields: ["immutable"], because: "The API server enforces it." },
  {
    kind: "Secret",
    fields: ["type"],
    because: "The API server asks for a Secret's contents by it; `tls.crt`, `tls.key` and `ca.crt` are read of any.",
  },
  { kind: "Namespace", fields: ["spec.finalizers[]"], because: "Kubernetes writes and obeys it." },
  {
    kind: "ClusterTrustBundle",
    fields: ["spec.signerName"],
    because: "The API server asks for it in the bundle's name.",
  },
  ...["GatewayClass", "XMesh"].map((kind) => ({
    kind,
    fields: ["spec.description"],
    because: "It is for people; `kubectl get` shows it.",
  })),
  ...["TCPRoute", "TLSRoute", "UDPRoute"].map((kind) => ({
    kind,
    fields: ["spec.rules[].name"],
    because: "It is a name, and nothing in the Gateway API refers to it yet.",
  })),
  ...["ReferenceGrant", "EndpointSlice"].map((kind) => ({
    kind,
    fields: ["metadata.name"],
    because: "Nothing refers to it.",
  })),
  {
    kind: "XTelemetryPolicy",
    fields: ["spec.tracing.mode"],
    alike: [["Disabled", "ImplementationDefault"]],
    because: "Nothing is traced by default.",
  },
  {
    kind: "XTelemetryPolicy",
    fields: ["spec.tracing.parentBasedSampling.mode"],
    alike: [["Enabled", "ImplementationDefault"]],
    because: "What clients decided is respected by default.",
  },
];

/** Whether a field of an object is set, to something else than Kubernetes itself fills in. */
export function isSet(object: KubernetesObject, field: string, unless: Json | undefined): boolean {
  return valuesAt(Object.fromEntries(Object.entries(object)), field.split(".")).some((value) => value !== unless);
}

/** All values at a path of a schema. */
function valuesAt(value: Json | undefined, [step, ...rest]: readonly string[]): readonly Json[] {
  if (value === undefined || value === null) return [];
  if (step === undefined) return [value];
  if (!isJsonObject(value)) return [];
  if (step === "*") return Object.values(value).flatMap((inner) => valuesAt(inner, rest));
  if (!step.endsWith("[]")) return valuesAt(value[step], rest);
  const list = value[step.slice(0, -2)];
  return Array.isArray(list) ? list.flatMap((item: Json) => valuesAt(item, rest)) : [];
}
