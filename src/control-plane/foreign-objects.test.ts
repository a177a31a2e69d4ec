import { deepEqual } from "node:assert/strict";
import { describe, test } from "node:test";
import { inCluster } from "../infrastructure/placement.ts";
import type { ApiObject } from "../kubernetes/api-object.ts";
import { kindOf } from "../resources/kinds.ts";
import { keyOf } from "../resources/object.ts";
import { decode } from "../sources/kubernetes/decode.ts";
import type { ResourceChange } from "../sources/source.ts";
import { ControlPlane } from "./control-plane.ts";

const gatewayApi = "gateway.networking.k8s.io/v1";

function object(apiVersion: string, kind: string, name: string, rest: object): ApiObject {
  const namespace = kind === "GatewayClass" ? {} : { namespace: "shop" };
  return { apiVersion, kind, metadata: { name, generation: 1, ...namespace }, ...rest };
}

function gateway(name: string, gatewayClassName: string, hostname: string): ApiObject {
  const spec = { gatewayClassName, listeners: [{ name: "http", port: 80, protocol: "HTTP", hostname }] };
  return object(gatewayApi, "Gateway", name, { spec });
}

function route(name: string, parent: string, path: string): ApiObject {
  const rules = [{ matches: [{ path: { value: path } }], backendRefs: [{ name: "web", port: 80 }] }];
  return object(gatewayApi, "HTTPRoute", name, { spec: { parentRefs: [{ name: parent }], rules } });
}

function endpointSlice(name: string, address: string): ApiObject {
  const slice = object("discovery.k8s.io/v1", "EndpointSlice", name, {
    addressType: "IPv4",
    ports: [{ port: 8080 }],
    endpoints: [{ addresses: [address] }],
  });
  return { ...slice, metadata: { ...slice.metadata, labels: { "kubernetes.io/service-name": name } } };
}

function service(name: string, port: number): ApiObject {
  return object("v1", "Service", name, { spec: { ports: [{ port }] } });
}

const gatewayClass = (name: string, controllerName: string) =>
  object(gatewayApi, "GatewayClass", name, { spec: { controllerName } });
const secret = (name: string, value: string) => object("v1", "Secret", name, { data: { "ca.crt": value } });
const configMap = (name: string, value: string) => object("v1", "ConfigMap", name, { data: { "ca.crt": value } });

const ours = [
  gatewayClass("gatewright", "gatewright.dev/gateway-controller"),
  gateway("edge", "gatewright", "*.example.com"),
  route("cart", "edge", "/"),
  service("web", 80),
  endpointSlice("web", "10.0.0.1"),
];
/** Of others, before and after a change; and what is derived anew of it, to see that it is nobody's. */
const others: readonly (readonly [string, ApiObject, ApiObject, readonly string[]])[] = [
  [
    "a Gateway of another class",
    gateway("theirs", "other", "a.org"),
    gateway("theirs", "other", "b.org"),
    ["gateways", "statusOfWaitingGateways"],
  ],
  [
    "an HTTPRoute of another Gateway",
    route("their-cart", "theirs", "/a"),
    route("their-cart", "theirs", "/b"),
    ["routes of HTTPRoute", "compiledHttpRoutes", "statusOfHTTPRoutes"],
  ],
  ["a Secret that nobody refers to", secret("their-secret", "YQ=="), secret("their-secret", "Yg=="), []],
  ["a ConfigMap that nobody refers to", configMap("their-config", "a"), configMap("their-config", "b"), []],
  [
    "a Service that nobody sends to",
    service("their-web", 80),
    service("their-web", 81),
    ["backendServices", "selectorServices"],
  ],
  [
    "endpoints of such a Service",
    endpointSlice("their-web", "10.0.0.2"),
    endpointSlice("their-web", "10.0.0.3"),
    ["slicesByService"],
  ],
];

function changeOf(raw: ApiObject): ResourceChange {
  const kind = kindOf(raw.apiVersion, raw.kind);
  if (kind === undefined) throw new Error(`${raw.kind} is not known`);
  const { object: decoded, reference } = decode(kind, raw, { contents: false });
  return { reference, key: keyOf(raw), kind: kind.kind, object: decoded, locate: () => undefined };
}

describe("what is not ours costs an event, and next to nothing after that", () => {
  const controlPlane = new ControlPlane({ placement: inCluster });
  const apply = (...objects: readonly ApiObject[]): void =>
    controlPlane.apply({ changes: objects.map(changeOf), findings: new Map() });
  apply(gatewayClass("other", "example.com/other"), ...ours, ...others.map(([, before]) => before));
  let told = 0;
  const hear = ({ length }: { readonly length: number }): void => {
    told += length;
  };
  controlPlane.envoyResources.subscribe(hear);
  controlPlane.status.subscribe(hear);
  const runs = (): ReadonlyMap<string, number> => new Map(controlPlane.graph.runs());

  for (const [what, , after, looks] of others) {
    test(what, () => {
      const before = runs();
      apply({ ...after, metadata: { ...after.metadata, generation: 2 } });
      const ran = [...runs()].flatMap(([collection, count]) => {
        const more = count - (before.get(collection) ?? 0);
        return more === 0 ? [] : [`${collection} ${more}`];
      });
      deepEqual({ ran, told }, { ran: looks.map((collection) => `${collection} 1`), told: 0 });
    });
  }
});
