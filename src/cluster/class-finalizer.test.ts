import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { Graph } from "../collections/graph.ts";
import { controllerName } from "../gateway/class.ts";
import { ApiError } from "../kubernetes/api-error.ts";
import type { ApiObject } from "../kubernetes/api-object.ts";
import type { Gateway, GatewayClass } from "../resources/generated/gateway-api.ts";
import { classFinalizer, createClassFinalizer } from "./class-finalizer.ts";

const apiVersion = "gateway.networking.k8s.io/v1";
const resource = { group: "g", version: "v1", kind: "GatewayClass", plural: "gatewayclasses", namespaced: false };

/** A Gateway and a GatewayClass, whose finalizers an API server keeps and whose watch shows them at once. */
function world(controller: string) {
  const graph = new Graph();
  const resources = {
    Gateway: graph.input<Gateway>("Gateway"),
    GatewayClass: graph.input<GatewayClass>("GatewayClass"),
  };
  const classWith = (metadata: Partial<GatewayClass["metadata"]>): GatewayClass => ({
    apiVersion,
    kind: "GatewayClass",
    metadata: { name: "gatewright", ...metadata },
    spec: { controllerName: controller },
  });
  let live = classWith({ resourceVersion: "1", finalizers: ["example.com/other"] });
  const object = (): ApiObject => ({ ...live, metadata: { ...live.metadata } });
  let writes = 0;
  let conflicts = 0;
  const show = () => {
    const { resourceVersion: _, ...metadata } = live.metadata;
    resources.GatewayClass.set("gatewright", classWith(metadata));
  };
  const finalizer = createClassFinalizer({
    graph,
    resources,
    client: {
      get: () => Promise.resolve(object()),
      mergePatch: (_resource, _name, patch): Promise<ApiObject> => {
        writes += 1;
        const { metadata }: Pick<GatewayClass, "metadata"> = JSON.parse(JSON.stringify(patch));
        if (writes === 1) live = classWith({ ...live.metadata, resourceVersion: "2" });
        if (metadata.resourceVersion !== live.metadata.resourceVersion) {
          return Promise.reject(new ApiError("changed", { reason: "Conflict", status: 409 }));
        }
        live = classWith({ ...live.metadata, ...metadata, resourceVersion: String(writes + 2) });
        show();
        return Promise.resolve(object());
      },
    },
    resource: () => resource,
    failed: () => {
      conflicts += 1;
    },
  });
  show();
  return {
    resources,
    finalizer,
    writes: () => writes,
    conflicts: () => conflicts,
    finalizers: () => live.metadata.finalizers,
    change: (metadata: Partial<GatewayClass["metadata"]>) => {
      live = classWith({ ...live.metadata, ...metadata });
      show();
    },
  };
}

const gateway: Gateway = {
  apiVersion,
  kind: "Gateway",
  metadata: { namespace: "edge", name: "public" },
  spec: { gatewayClassName: "gatewright", listeners: [] },
};

describe("the finalizer of a GatewayClass", () => {
  test("is there while a Gateway uses the class, beside those of others", async () => {
    const { resources, finalizer, writes, conflicts, finalizers, change } = world(controllerName);
    resources.Gateway.set("edge/public", gateway);
    equal(writes(), 0, "who does not lead writes nothing");
    finalizer.start();
    await finalizer.idle();
    deepEqual(finalizers(), ["example.com/other", classFinalizer]);
    deepEqual([writes(), conflicts()], [2, 1]);

    change({ finalizers: [] });
    await finalizer.idle();
    deepEqual(finalizers(), [classFinalizer]);

    resources.Gateway.delete("edge/public");
    await finalizer.idle();
    deepEqual(finalizers(), []);
    equal(writes(), 4);
    finalizer.close();
  });

  test("is not given to a class that is being deleted, nor to somebody else's", async () => {
    for (const [controller, metadata] of [
      [controllerName, { deletionTimestamp: "2026-01-01T00:00:00Z" }],
      ["example.com/others", {}],
    ] as const) {
      const { resources, finalizer, writes, change } = world(controller);
      change(metadata);
      resources.Gateway.set("edge/public", gateway);
      finalizer.start();
      await finalizer.idle();
      equal(writes(), 0);
      finalizer.close();
    }
  });
});
