import type { Collection, Input } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import type {
  ClusterTrustBundle,
  ConfigMap,
  EndpointSlice,
  Endpoints,
  Namespace,
  Secret,
  Service,
} from "../resources/generated/core.ts";
import type {
  BackendTLSPolicy,
  Gateway,
  GatewayClass,
  GRPCRoute,
  HTTPRoute,
  ListenerSet,
  ReferenceGrant,
  TCPRoute,
  TLSRoute,
  UDPRoute,
  XBackend,
  XBackendTrafficPolicy,
  XMesh,
  XTelemetryPolicy,
} from "../resources/generated/gateway-api.ts";
import type { BackendTrafficPolicy, GatewayParameters } from "../resources/generated/gatewright-api.ts";
import { type KubernetesObject, keyOf } from "../resources/object.ts";

/** The kinds that the semantics read, by their Kubernetes kind. Values are validated, and keyed `namespace/name`. */
export interface ResourceKinds {
  readonly GatewayClass: GatewayClass;
  readonly Gateway: Gateway;
  readonly ListenerSet: ListenerSet;
  readonly GatewayParameters: GatewayParameters;
  readonly HTTPRoute: HTTPRoute;
  readonly GRPCRoute: GRPCRoute;
  readonly TLSRoute: TLSRoute;
  readonly TCPRoute: TCPRoute;
  readonly UDPRoute: UDPRoute;
  readonly ReferenceGrant: ReferenceGrant;
  readonly BackendTLSPolicy: BackendTLSPolicy;
  readonly XBackend: XBackend;
  readonly XBackendTrafficPolicy: XBackendTrafficPolicy;
  readonly XTelemetryPolicy: XTelemetryPolicy;
  readonly BackendTrafficPolicy: BackendTrafficPolicy;
  readonly XMesh: XMesh;
  readonly Service: Service;
  readonly EndpointSlice: EndpointSlice;
  readonly Endpoints: Endpoints;
  readonly Secret: Secret;
  readonly ConfigMap: ConfigMap;
  readonly ClusterTrustBundle: ClusterTrustBundle;
  readonly Namespace: Namespace;
}

export type ResourceKind = keyof ResourceKinds;

export const resourceKinds = [
  "GatewayClass",
  "Gateway",
  "ListenerSet",
  "GatewayParameters",
  "HTTPRoute",
  "GRPCRoute",
  "TLSRoute",
  "TCPRoute",
  "UDPRoute",
  "ReferenceGrant",
  "BackendTLSPolicy",
  "XBackend",
  "XBackendTrafficPolicy",
  "XTelemetryPolicy",
  "BackendTrafficPolicy",
  "XMesh",
  "Service",
  "EndpointSlice",
  "Endpoints",
  "Secret",
  "ConfigMap",
  "ClusterTrustBundle",
  "Namespace",
] as const satisfies readonly ResourceKind[];

export type Resources = { readonly [Kind in ResourceKind]: Collection<ResourceKinds[Kind]> };
export type ResourceInputs = { readonly [Kind in ResourceKind]: Input<ResourceKinds[Kind]> };

/** One empty input collection for every kind. */
export function createResourceInputs(graph: Graph): ResourceInputs {
  return {
    GatewayClass: graph.input("GatewayClass"),
    Gateway: graph.input("Gateway"),
    ListenerSet: graph.input("ListenerSet"),
    GatewayParameters: graph.input("GatewayParameters"),
    HTTPRoute: graph.input("HTTPRoute"),
    GRPCRoute: graph.input("GRPCRoute"),
    TLSRoute: graph.input("TLSRoute"),
    TCPRoute: graph.input("TCPRoute"),
    UDPRoute: graph.input("UDPRoute"),
    ReferenceGrant: graph.input("ReferenceGrant"),
    BackendTLSPolicy: graph.input("BackendTLSPolicy"),
    XBackend: graph.input("XBackend"),
    XBackendTrafficPolicy: graph.input("XBackendTrafficPolicy"),
    XTelemetryPolicy: graph.input("XTelemetryPolicy"),
    BackendTrafficPolicy: graph.input("BackendTrafficPolicy"),
    XMesh: graph.input("XMesh"),
    Service: graph.input("Service"),
    EndpointSlice: graph.input("EndpointSlice"),
    Endpoints: graph.input("Endpoints"),
    Secret: graph.input("Secret"),
    ConfigMap: graph.input("ConfigMap"),
    ClusterTrustBundle: graph.input("ClusterTrustBundle"),
    Namespace: graph.input("Namespace"),
  };
}

export function isResourceKind(kind: string): kind is ResourceKind {
  return resourceKinds.some((known) => known === kind);
}

/** Puts a validated object into the collection of its kind. */
export function setResource(resources: ResourceInputs, kind: ResourceKind, object: KubernetesObject): void {
  // The schema of `kind` has been applied to `object`, which is what its type says.
  const input = resources[kind] as { set(key: string, value: KubernetesObject): void };
  input.set(keyOf(object), object);
}
