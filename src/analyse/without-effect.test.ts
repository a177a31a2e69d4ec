import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { readDocuments } from "../resources/read-documents.ts";
import { analyse } from "./analyse.ts";

const route = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: gatewright }
spec: { controllerName: gatewright.dev/gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec: { gatewayClassName: gatewright, listeners: [{ name: web, port: 80, protocol: HTTP }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web }
spec: { parentRefs: [{ name: edge }], rules: [{ backendRefs: [{ name: web, port: 80 }] }] }
---`;

/** As kubectl prints them, with what Kubernetes has filled in. */
const exported = `
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  allocateLoadBalancerNodePorts: true
  clusterIP: 10.96.0.10
  clusterIPs: [10.96.0.10]
  externalTrafficPolicy: Cluster
  internalTrafficPolicy: Cluster
  ipFamilies: [IPv4]
  ipFamilyPolicy: SingleStack
  ports: [{ name: http, nodePort: 30080, port: 80, protocol: TCP, targetPort: 8080 }]
  selector: { app: web }
  sessionAffinity: None
  type: LoadBalancer
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: web-1
  labels: { kubernetes.io/service-name: web, endpointslice.kubernetes.io/managed-by: endpointslice-controller.k8s.io }
addressType: IPv4
ports: [{ name: http, port: 8080, protocol: TCP }]
endpoints:
- addresses: [10.0.0.1]
  conditions: { ready: true, serving: true, terminating: false }
  hints: { forZones: [{ name: zone-1 }] }
  nodeName: node-1
  targetRef: { kind: Pod, name: web-1, namespace: default, uid: "1" }
  zone: zone-1
---
apiVersion: v1
kind: Endpoints
metadata: { name: web, annotations: { endpoints.kubernetes.io/last-change-trigger-time: "2026-01-01T00:00:00Z" } }
subsets:
- addresses: [{ ip: 10.0.0.1, nodeName: node-1, targetRef: { kind: Pod, name: web-1, namespace: default, uid: "1" } }]
  ports: [{ name: http, port: 8080, protocol: TCP }]
`;

function inVain(text: string): readonly string[] {
  const objects = readDocuments(route + text, "test.yaml").flatMap(({ object }) => object ?? []);
  return analyse(objects).flatMap(({ code, message, origin }) =>
    code === "not-enforced" ? [`${origin?.resource.kind}: ${message.replace(/(,| of) .*$/, "")}`] : [],
  );
}

test("of what Kubernetes writes by itself nothing is said", () => {
  deepEqual(inVain(exported), []);
});

test("of what people write, each field is named", () => {
  const byHand = exported
    .replace(", endpointslice.kubernetes.io/managed-by: endpointslice-controller.k8s.io", "")
    .replace("sessionAffinity: None", "sessionAffinity: ClientIP")
    .replace("TrafficPolicy: Cluster", "TrafficPolicy: Local");
  deepEqual(inVain(byHand), [
    "Service: spec.sessionAffinity",
    "Service: spec.externalTrafficPolicy",
    "EndpointSlice: endpoints[].hints.forZones[].name",
  ]);
});

test("a Service that no route sends to may say what it likes", () => {
  deepEqual(
    inVain(exported.replace("sessionAffinity: None", "sessionAffinity: ClientIP").replaceAll("web", "other")),
    [],
  );
});
