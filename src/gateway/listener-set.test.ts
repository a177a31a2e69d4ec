import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import type { KubernetesObject } from "../resources/object.ts";
import { readDocuments } from "../resources/read-documents.ts";
import { createPlane, put } from "./testing/golden.ts";

function listeners(count: number, prefix: string): string {
  return JSON.stringify(
    Array.from({ length: count }, (_, index) => {
      const name = `${prefix}-${index}`;
      return { name, port: 80, protocol: "HTTP", hostname: `${name}.example.com` };
    }),
  );
}

test("64 listeners are what one Gateway may have; with ListenerSets it has as many as it likes", () => {
  const head = "apiVersion: gateway.networking.k8s.io/v1";
  const set = (name: string) => `${head}
kind: ListenerSet
metadata: { name: ${name} }
spec: { parentRef: { name: edge }, listeners: ${listeners(64, name)} }`;
  const text = [
    `${head}
kind: GatewayClass
metadata: { name: gatewright }
spec: { controllerName: gatewright.dev/gateway-controller }`,
    `${head}
kind: Gateway
metadata: { name: edge }
spec: { gatewayClassName: gatewright, allowedListeners: { namespaces: { from: Same } }, listeners: ${listeners(64, "own")} }`,
    set("first"),
    set("second"),
  ].join("\n---\n");
  const documents = readDocuments(text, "many.yaml");
  deepEqual(
    documents.flatMap(({ findings }) => findings),
    [],
  );
  const plane = createPlane();
  put(
    plane,
    documents.flatMap(({ object }): readonly KubernetesObject[] => (object === undefined ? [] : [object])),
  );
  const serving = [...plane.semantics.listeners.entries()].filter(([, listener]) => listener.serving);
  equal(serving.length, 3 * 64);
  const status = plane.status.get("Gateway/default/edge")?.status;
  equal(status !== undefined && "attachedListenerSets" in status && status.attachedListenerSets, 2);
});
