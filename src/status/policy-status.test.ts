import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { createPlane, put } from "../gateway/testing/golden.ts";
import { objectsOf } from "../resources/testing/objects-of.ts";

const gateways = Array.from({ length: 18 }, (_, index) => `g${String(index).padStart(2, "0")}`);

/** Eighteen Gateways, the first of them the youngest, whose routes all send to one Service with a policy. */
const text = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: gatewright }
spec: { controllerName: gatewright.dev/gateway-controller }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { ports: [{ port: 80 }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: web }
spec:
  targetRefs: [{ group: "", kind: Service, name: web }]
  validation: { hostname: web.example.com, wellKnownCACertificates: System }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web }
spec:
  parentRefs: [${gateways.map((name) => `{ name: ${name} }`).join(", ")}]
  rules: [{ backendRefs: [{ name: web, port: 80 }] }]
${gateways
  .map(
    (name, index) => `---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: ${name}, creationTimestamp: "2026-01-${String(31 - index).padStart(2, "0")}T00:00:00Z" }
spec: { gatewayClassName: gatewright, listeners: [{ name: http, port: ${8000 + index}, protocol: HTTP }] }`,
  )
  .join("\n")}
`;

test("a policy names sixteen Gateways, the oldest; the others say themselves that it holds there", () => {
  const plane = createPlane();
  put(plane, objectsOf(text));
  const policy = plane.status.get("BackendTLSPolicy/default/web")?.status;
  const named =
    policy !== undefined && "ancestors" in policy ? policy.ancestors.map((one) => one.ancestorRef.name) : [];
  deepEqual(named, gateways.slice(2).toReversed());
  for (const name of gateways) {
    const status = plane.status.get(`Gateway/default/${name}`)?.status;
    const conditions = status !== undefined && "conditions" in status ? (status.conditions ?? []) : [];
    equal(
      conditions.some(({ type }) => type === "gatewright.dev/PolicyWithoutStatus"),
      !named.includes(name),
    );
  }
  const tables = [...plane.semantics.hostTables.entries()].flatMap(([, { rules }]) => rules);
  equal(tables.filter(({ action }) => action.kind === "forward").length, gateways.length);
});
