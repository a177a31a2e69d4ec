import type { ApiObject } from "../../kubernetes/api-object.ts";
import { findKind, schemaOf } from "../../resources/kinds.ts";
import { keyOf } from "../../resources/object.ts";
import type { Schema } from "../../resources/schema.ts";
import type { Facts, FactsOfKind } from "../facts.ts";

/** When everything in {@link healthyWorld} is looked at. */
export const now = new Date("2026-01-01T12:00:00Z");

const gatewayApi = "gateway.networking.k8s.io";
const proxyLabels = {
  "app.kubernetes.io/managed-by": "gatewright",
  "app.kubernetes.io/component": "proxy",
  "gateway.networking.k8s.io/gateway-name": "edge",
};
const controllerLabels = { "app.kubernetes.io/name": "gatewright" };

/** Objects as the API server of a cluster in which nothing is wrong gives them, without what no check reads. */
export const healthyWorld: readonly ApiObject[] = [
  ...[
    "gatewayclasses",
    "gateways",
    "httproutes",
    "grpcroutes",
    "tlsroutes",
    "tcproutes",
    "udproutes",
    "listenersets",
    "referencegrants",
    "backendtlspolicies",
  ].map((plural) => definition(plural)),
  parametersDefinition(schemaOfParameters()),
  ownDefinition("BackendTrafficPolicy", "backendtrafficpolicies", specOf("BackendTrafficPolicy")),
  namespace("gatewright-system"),
  namespace("shop"),
  object("apps/v1", "Deployment", "gatewright-system/gatewright", {
    labels: controllerLabels,
    spec: {
      replicas: 1,
      selector: { matchLabels: controllerLabels },
      template: { spec: { serviceAccountName: "gatewright" } },
    },
    status: { readyReplicas: 1 },
  }),
  pod("gatewright-system/gatewright-1", controllerLabels),
  lease("gatewright-system/gatewright", "gatewright-1", now),
  lease("kube-node-lease/node-1", "node-1", now),
  object("v1", "Node", "node-1", { status: { conditions: [{ type: "Ready", status: "True" }] } }),
  object(`${gatewayApi}/v1`, "GatewayClass", "gatewright", {
    spec: { controllerName: "gatewright.dev/gateway-controller" },
    status: { conditions: [{ type: "Accepted", status: "True", reason: "Accepted", message: "" }] },
  }),
  object(`${gatewayApi}/v1`, "Gateway", "shop/edge", {
    generation: 1,
    spec: { gatewayClassName: "gatewright", listeners: [{ name: "http", port: 80, protocol: "HTTP" }] },
    status: {
      addresses: [{ type: "IPAddress", value: "192.0.2.1" }],
      conditions: [{ type: "Programmed", status: "True", reason: "Programmed", message: "", observedGeneration: 1 }],
    },
  }),
  object("v1", "Service", "shop/edge-gatewright", {
    labels: proxyLabels,
    spec: { type: "LoadBalancer", clusterIPs: ["10.96.0.7"], selector: proxyLabels },
    status: { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } },
  }),
  object("apps/v1", "Deployment", "shop/edge-gatewright", {
    labels: proxyLabels,
    spec: { replicas: 1, selector: { matchLabels: proxyLabels } },
    status: { readyReplicas: 1 },
  }),
  pod("shop/edge-gatewright-1", proxyLabels),
  object("v1", "Service", "shop/web", {
    spec: { clusterIPs: ["10.96.0.8"], selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }] },
  }),
  pod("shop/web-1", { app: "web" }),
  object("discovery.k8s.io/v1", "EndpointSlice", "shop/web-1", {
    labels: { "kubernetes.io/service-name": "web" },
    ports: [{ name: "", port: 8080 }],
    endpoints: [{ addresses: ["10.244.0.9"], conditions: { ready: true } }],
  }),
];

/** Facts of these objects. Kinds that are not among them were looked for, and there are none. */
export function factsOf(world: readonly ApiObject[], more: Partial<Facts> = {}): Facts {
  const kinds = new Map<string, FactsOfKind>();
  for (const kind of readKinds) kinds.set(kind, { extent: "whole", objects: [] });
  for (const each of world) {
    kinds.set(each.kind, { extent: "whole", objects: [...(kinds.get(each.kind)?.objects ?? []), each] });
  }
  return {
    now,
    serverClock: { aheadMs: 20, accuracyMs: 510 },
    kinds,
    permissions: [],
    trials: [],
    controllers: [],
    proxies: [{ namespace: "shop", pod: "edge-gatewright-1", metrics: "envoy_control_plane_connected_state{} 1\n" }],
    usedServices: new Set(["shop/web"]),
    findings: [],
    unread: [],
    ...more,
  };
}

/** The world with these objects in place of those that have their names, or besides them. */
export function withObjects(...changed: readonly ApiObject[]): readonly ApiObject[] {
  const ids = new Set(changed.map(idOf));
  return [...healthyWorld.filter((each) => !ids.has(idOf(each))), ...changed];
}

/** The world without these (`Kind namespace/name`). */
export function without(...ids: readonly string[]): readonly ApiObject[] {
  return healthyWorld.filter((each) => !ids.includes(idOf(each)));
}

/** One of the world's objects. */
export function the(id: string): ApiObject {
  const found = healthyWorld.find((each) => idOf(each) === id);
  if (found === undefined) throw new Error(`the world has no ${id}`);
  return found;
}

export function object(
  apiVersion: string,
  kind: string,
  key: string,
  { labels = {}, annotations = {}, generation, ...rest }: ObjectParts,
): ApiObject {
  const name = key.slice(key.indexOf("/") + 1);
  const inNamespace = key.includes("/") ? key.slice(0, key.indexOf("/")) : undefined;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(inNamespace !== undefined && { namespace: inNamespace }),
      labels,
      annotations,
      ...(generation !== undefined && { generation }),
    },
    ...rest,
  };
}

interface ObjectParts {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly generation?: number;
  readonly [field: string]: unknown;
}

/** A pod that is ready, unless its status says otherwise. */
export function pod(key: string, labels: Readonly<Record<string, string>>, parts: object = {}): ApiObject {
  return object("v1", "Pod", key, {
    labels,
    spec: { nodeName: "node-1", containers: [{ name: "main", ports: [{ name: "web", containerPort: 8080 }] }] },
    status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
    ...parts,
  });
}

export function proxyPod(status: object, spec: object = {}): ApiObject {
  return pod("shop/edge-gatewright-1", proxyLabels, { status, ...("containers" in spec && { spec }) });
}

export function definition(plural: string, release = "v1.7.0", channel = "standard", parts: object = {}): ApiObject {
  return object("apiextensions.k8s.io/v1", "CustomResourceDefinition", `${plural}.${gatewayApi}`, {
    annotations: { [`${gatewayApi}/bundle-version`]: release, [`${gatewayApi}/channel`]: channel },
    spec: { group: gatewayApi, names: { plural }, versions: [{ name: "v1", served: true, storage: true }] },
    status: { storedVersions: ["v1"], conditions: [{ type: "Established", status: "True" }] },
    ...parts,
  });
}

/** The definition of GatewayParameters, with this schema of its `spec`. */
export function parametersDefinition(spec: unknown): ApiObject {
  return ownDefinition("GatewayParameters", "gatewayparameters", spec);
}

function ownDefinition(kind: string, plural: string, spec: unknown): ApiObject {
  return object("apiextensions.k8s.io/v1", "CustomResourceDefinition", `${plural}.gatewright.dev`, {
    spec: {
      group: "gatewright.dev",
      names: { kind, plural },
      versions: [
        { name: "v1alpha1", served: true, storage: true, schema: { openAPIV3Schema: { properties: { spec } } } },
      ],
    },
  });
}

/** As this release has it. */
export function schemaOfParameters(): Schema {
  return specOf("GatewayParameters");
}

function specOf(name: string): Schema {
  const kind = findKind("gatewright.dev", name);
  return (kind === undefined ? undefined : schemaOf(kind, "v1alpha1").properties?.["spec"]) ?? {};
}

export function lease(key: string, holderIdentity: string, renewed: Date): ApiObject {
  const renewTime = renewed.toISOString().replace("Z", "000Z");
  return object("coordination.k8s.io/v1", "Lease", key, {
    spec: { holderIdentity, leaseDurationSeconds: 15, renewTime },
  });
}

export function networkPolicy(key: string, spec: object): ApiObject {
  return object("networking.k8s.io/v1", "NetworkPolicy", key, { spec });
}

/** With options of the controller. */
export function controllerWith(...args: readonly string[]): ApiObject {
  const spec = { selector: { matchLabels: controllerLabels }, template: { spec: { containers: [{ args }] } } };
  return { ...the("Deployment gatewright-system/gatewright"), spec };
}

/** With the proxies' Deployment as this says that it is. */
export function proxyDeployment(status: object): ApiObject {
  return { ...the("Deployment shop/edge-gatewright"), status };
}

function namespace(name: string): ApiObject {
  return object("v1", "Namespace", name, { labels: { "kubernetes.io/metadata.name": name } });
}

function idOf(each: ApiObject): string {
  return `${each.kind} ${keyOf(each)}`;
}

const readKinds = [
  "EndpointSlice",
  "Pod",
  "Lease",
  "DaemonSet",
  "Event",
  "NetworkPolicy",
  "Secret",
  "SubjectAccessReview",
  "ValidatingWebhookConfiguration",
  "MutatingWebhookConfiguration",
];
