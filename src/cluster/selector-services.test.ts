import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { Graph } from "../collections/graph.ts";
import type { PolicyAncestor } from "../gateway/policy-ancestors.ts";
import { selectorKeyOf } from "../gateway/selector-service.ts";
import type { ApiObject } from "../kubernetes/api-object.ts";
import type { Service } from "../resources/generated/core.ts";
import type { XBackend } from "../resources/generated/gateway-api.ts";
import { createSelectorServices } from "./selector-services.ts";

const used: readonly PolicyAncestor[] = [{ gateway: "default/edge", conditions: [] }];

function xBackend(matchLabels: Record<string, string>, number = 8080): XBackend {
  return {
    apiVersion: "gateway.networking.x-k8s.io/v1alpha1",
    kind: "XBackend",
    metadata: { name: "pods", namespace: "default", uid: "u1" },
    spec: { type: "EndpointSelector", port: { number }, endpointSelector: { matchLabels }, tls: { mode: "None" } },
  };
}

/** An API server that makes up names, and a watch that shows what it has when it is told to. */
function world() {
  const graph = new Graph();
  const services = graph.input<Service>("Service");
  const resources = { XBackend: graph.input<XBackend>("XBackend") };
  const ancestors = graph.input<readonly PolicyAncestor[]>("ancestors");
  const none = graph.input<readonly PolicyAncestor[]>("none");
  const stored = new Map<string, ApiObject>();
  const done: string[] = [];
  const writer = createSelectorServices({
    graph,
    resources,
    semantics: {
      ancestors: {
        XBackend: ancestors,
        BackendTLSPolicy: none,
        XBackendTrafficPolicy: none,
        BackendTrafficPolicy: none,
        XTelemetryPolicy: none,
      },
      selectorServices: graph.group("selectorServices", services, (service) => [selectorKeyOf(service) ?? ""]),
    },
    client: {
      async *list() {
        yield await Promise.resolve({ items: [...stored.values()], resourceVersion: "1" });
      },
      create: (_resource, object) => {
        const { generateName, ownerReferences, labels } = object.metadata;
        const name = `${String(generateName)}${stored.size}`;
        done.push(`create ${name} ${JSON.stringify(ownerReferences)} ${JSON.stringify(labels)}`);
        const made = { ...object, metadata: { ...object.metadata, name, uid: name } };
        stored.set(name, made);
        return Promise.resolve(made);
      },
      mergePatch: (_resource, { name }, patch) => {
        done.push(`patch ${name} ${JSON.stringify(patch)}`);
        return Promise.resolve({ apiVersion: "v1", kind: "Service", metadata: { name } });
      },
      delete: (_resource, { name }) => {
        done.push(`delete ${name}`);
        return Promise.resolve(stored.delete(name));
      },
    },
    failed: ({ error }) => done.push(String(error)),
  });
  return {
    resources,
    ancestors,
    writer,
    stored,
    show: () =>
      graph.transaction(() => {
        for (const [key] of services.entries()) if (!stored.has(key.split("/")[1] ?? "")) services.delete(key);
        for (const [name, object] of stored) {
          const service: Service = JSON.parse(JSON.stringify(object));
          services.set(`default/${name}`, service);
        }
      }),
    /** What was written since it was last asked. */
    written: async () => {
      await writer.idle();
      return done.splice(0);
    },
  };
}

test("an XBackend has one Service as long as a Gateway sends to it", async () => {
  const { resources, ancestors, writer, stored, show, written } = world();
  writer.start();
  resources.XBackend.set("default/pods", xBackend({ app: "pods" }));
  deepEqual(await written(), []);

  ancestors.set("default/pods", used);
  const [created, ...more] = await written();
  equal(
    created,
    `create xbackend-0 [{"apiVersion":"gateway.networking.x-k8s.io/v1alpha1","kind":"XBackend","name":"pods","uid":"u1","controller":true,"blockOwnerDeletion":false}] {"app.kubernetes.io/managed-by":"gatewright","gatewright.dev/xbackend-uid":"u1"}`,
  );
  deepEqual(more, []);
  const ports = [
    { name: "tcp", port: 8080, targetPort: 8080, protocol: "TCP" },
    { name: "udp", port: 8080, targetPort: 8080, protocol: "UDP" },
  ];
  deepEqual(stored.get("xbackend-0")?.["spec"], { clusterIP: "None", selector: { app: "pods" }, ports });

  // The watch is behind: it is asked for again, and not made again.
  ancestors.set("default/pods", [...used, ...used]);
  resources.XBackend.set("default/pods", xBackend({ app: "pods", tier: "web" }));
  deepEqual(await written(), []);

  show();
  deepEqual(await written(), [
    `patch xbackend-0 {"spec":{"selector":{"app":"pods","tier":"web"},"ports":${JSON.stringify(ports)}}}`,
  ]);
  resources.XBackend.set("default/pods", xBackend({ tier: "web" }));
  deepEqual(await written(), [
    `patch xbackend-0 {"spec":{"selector":{"app":null,"tier":"web"},"ports":${JSON.stringify(ports)}}}`,
  ]);
  resources.XBackend.set("default/pods", xBackend({ app: "pods" }));
  deepEqual(await written(), []);

  ancestors.delete("default/pods");
  deepEqual(await written(), ["delete xbackend-0"]);
  writer.close();
});

test("a second Service is taken away, and one that is right is left alone", async () => {
  const { resources, ancestors, writer, stored, show, written } = world();
  writer.start();
  ancestors.set("default/pods", used);
  resources.XBackend.set("default/pods", xBackend({ app: "pods" }));
  await written();
  const [made] = stored.values();
  if (made !== undefined) stored.set("another", { ...made, metadata: { ...made.metadata, name: "another" } });
  show();
  deepEqual(await written(), ["delete xbackend-0"]);
  show();
  deepEqual(await written(), []);
  writer.close();
});
