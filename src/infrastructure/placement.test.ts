import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { ControlPlane } from "../control-plane/control-plane.ts";
import { put, remove } from "../gateway/testing/golden.ts";
import { readDocuments } from "../resources/read-documents.ts";
import { inCluster } from "./placement.ts";

const objects = (text: string) => readDocuments(text, "test.yaml").flatMap(({ object }) => object ?? []);

const edge = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: gatewright }
spec:
  controllerName: gatewright.dev/gateway-controller
  parametersRef: { group: gatewright.dev, kind: GatewayParameters, name: class, namespace: default }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec:
  gatewayClassName: gatewright
  infrastructure: { parametersRef: { group: gatewright.dev, kind: GatewayParameters, name: own } }
  listeners: [{ name: http, port: 80, protocol: HTTP }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web }
spec:
  parentRefs: [{ name: edge }]
  rules: [{ backendRefs: [{ name: web, port: 80 }] }]
`;

const parameters = (name: string, service: string) =>
  objects(
    `{ apiVersion: gatewright.dev/v1alpha1, kind: GatewayParameters, metadata: { name: ${name} }, spec: { service: ${service}, accessLogs: [{}] } }`,
  );

test("parameters that can't be read any more are told, and close no listener", () => {
  const plane = new ControlPlane({ placement: inCluster });
  plane.proxies.set("default/edge", {
    ready: true,
    message: "",
    addresses: [{ type: "IPAddress", value: "192.0.2.1" }],
    refusedSockets: {},
  });
  put(plane, [...objects(edge), ...parameters("class", "{ type: NodePort }"), ...parameters("own", "{}")]);
  const served = () => new Map(plane.envoyResources.entries());
  const conditions = () => {
    const told = plane.status.get("Gateway/default/edge")?.status;
    if (told === undefined || !("conditions" in told)) return {};
    return Object.fromEntries(told.conditions.map(({ type, status, reason }) => [type, `${status} ${reason}`]));
  };
  const good = served();
  equal(conditions()["Accepted"], "True Accepted");
  const told = () => [conditions()["Accepted"], conditions()["Programmed"]];
  put(plane, parameters("own", "{ loadBalancerClass: fast }"));
  deepEqual(told(), ["False InvalidParameters", "True Programmed"]);
  deepEqual(served(), good);
  put(plane, parameters("own", "{ type: LoadBalancer, loadBalancerClass: fast }"));
  equal(conditions()["Accepted"], "True Accepted");
  for (const object of parameters("class", "{}")) remove(plane, object);
  deepEqual(told(), ["Unknown Pending", "True Programmed"]);
  deepEqual(served(), good);
  put(plane, parameters("class", "{}"));
  equal(conditions()["Accepted"], "True Accepted");
});
