import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { createPlane, put } from "../gateway/testing/golden.ts";
import { readDocuments } from "../resources/read-documents.ts";
import type { GatewayStatus, StatusCondition } from "./object-status.ts";
import { noProxy, type ProxyState } from "./proxy-state.ts";

const text = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: gatewright }
spec: { controllerName: gatewright.dev/gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, generation: 3 }
spec:
  gatewayClassName: gatewright
  listeners:
  - { name: web, port: 80, protocol: HTTP }
  - { name: tcp, port: 81, protocol: TCP }
`;

function statusWith(state: ProxyState | undefined): GatewayStatus {
  const plane = createPlane();
  put(
    plane,
    readDocuments(text, "test.yaml").flatMap(({ object }) => object ?? []),
  );
  if (state === undefined) plane.proxies.delete("proxy");
  else plane.proxies.set("proxy", state);
  const status = plane.status.get("Gateway/default/edge")?.status;
  if (status === undefined || !("addresses" in status)) throw new Error("no status");
  return status;
}

function programmed(conditions: readonly StatusCondition[]): Omit<StatusCondition, "type"> | undefined {
  const found = conditions.find((condition) => condition.type === "Programmed");
  if (found === undefined) return undefined;
  const { type: _type, ...rest } = found;
  return rest;
}

const ready: ProxyState = {
  ready: true,
  message: "",
  addresses: ["192.0.2.1", "2001:db8::1"].map((value) => ({ type: "IPAddress", value })),
  refusedSockets: {},
};

describe("Programmed", () => {
  test("is True when Envoy has acknowledged everything", () => {
    const { conditions, listeners, addresses } = statusWith(ready);
    deepEqual(programmed(conditions), {
      status: "True",
      reason: "Programmed",
      message: "Envoy serves the Gateway.",
      observedGeneration: 3,
    });
    deepEqual(
      listeners.map((listener) => programmed(listener.conditions)?.message),
      ["Envoy listens on port 80.", "Envoy listens on port 81."],
    );
    deepEqual(addresses, [
      { type: "IPAddress", value: "192.0.2.1" },
      { type: "IPAddress", value: "2001:db8::1" },
    ]);
  });

  test("is Unknown, with the proxy's own words, while it has not", () => {
    const { conditions, listeners } = statusWith({ ...ready, ready: false, message: "Envoy starts." });
    const expected = { status: "Unknown", reason: "Pending", message: "Envoy starts.", observedGeneration: 3 };
    deepEqual(programmed(conditions), expected);
    for (const listener of listeners) deepEqual(programmed(listener.conditions), expected);
  });

  test("is False for a reason that is not Envoy's", () => {
    const problem = { reason: "AddressNotAssigned", message: "Service edge has no address yet." };
    deepEqual(programmed(statusWith({ ...ready, problem }).conditions), {
      status: "False",
      ...problem,
      observedGeneration: 3,
    });
  });

  test("is Unknown where there is no proxy", () => {
    equal(programmed(statusWith(undefined).conditions)?.message, noProxy.message);
  });

  test("is False for a socket that Envoy refused; the Gateway has another", () => {
    const { conditions, listeners } = statusWith({ ...ready, refusedSockets: { "80/TCP": "address in use" } });
    equal(programmed(conditions)?.status, "True");
    deepEqual(
      listeners.map((listener) => programmed(listener.conditions)?.message),
      ["Envoy refused the listener: address in use", "Envoy listens on port 81."],
    );
  });

  test("is False if Envoy refused every socket", () => {
    const refusedSockets = { "80/TCP": "address in use", "81/TCP": "address in use" };
    deepEqual(programmed(statusWith({ ...ready, refusedSockets }).conditions), {
      status: "False",
      reason: "Invalid",
      message: "Envoy refused the listener: address in use",
      observedGeneration: 3,
    });
  });
});

test("listeners are in the order of the spec", () => {
  deepEqual(
    statusWith(ready).listeners.map(({ name }) => name),
    ["web", "tcp"],
  );
});
