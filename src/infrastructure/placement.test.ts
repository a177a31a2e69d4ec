import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { ControlPlane } from "../control-plane/control-plane.ts";
import { put } from "../gateway/testing/golden.ts";
import { readDocuments } from "../resources/read-documents.ts";
import { inCluster } from "./placement.ts";

const objects = (text: string) => readDocuments(text, "test.yaml").flatMap(({ object }) => object ?? []);

const edge = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: gatewright }
spec:
  controllerName: gatewright.dev/gateway-controller
  parametersRef: { group: "", kind: ConfigMap, name: class, namespace: default }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: gatewright
  infrastructure: { parametersRef: { group: "", kind: ConfigMap, name: own } }
  listeners: [{ name: http, port: 80, protocol: HTTP }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web }
spec:
  parentRefs: [{ name: edge }]
  rules: [{ backendRefs: [{ name: web, port: 80 }] }]
`;

const parameters = (name: string, replicas: string) =>
  objects(`{ apiVersion: v1, kind: ConfigMap, metadata: { name: ${name} }, data: { replicas: "${replicas}" } }`);

test("parameters that can't be read any more are told, and close no listener", () => {
  const plane = new ControlPlane({ placement: inCluster });
  plane.proxies.set("default/edge", {
    ready: true,
    message: "",
    addresses: [{ type: "IPAddress", value: "192.0.2.1" }],
    refusedSockets: {},
  });
  put(plane, [...objects(edge), ...parameters("class", "1"), ...parameters("own", "1")]);
  const served = () => new Map(plane.envoyResources.entries());
  const conditions = () => {
    const told = plane.status.get("Gateway/default/edge")?.status;
    if (told === undefined || !("conditions" in told)) return {};
    return Object.fromEntries(told.conditions.map(({ type, status, reason }) => [type, `${status} ${reason}`]));
  };
  const good = served();
  equal(conditions()["Accepted"], "True Accepted");
  for (const [name, accepted] of [
    ["class", "Unknown Pending"],
    ["own", "False InvalidParameters"],
  ] as const) {
    put(plane, parameters(name, "two"));
    const { Accepted, Programmed } = conditions();
    deepEqual([Accepted, Programmed], [accepted, "True Programmed"]);
    deepEqual(served(), good);
    put(plane, parameters(name, "2"));
    equal(conditions()["Accepted"], "True Accepted");
  }
});
