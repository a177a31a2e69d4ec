import { deepEqual, equal } from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { Graph } from "../collections/graph.ts";
import { ApiError } from "../kubernetes/api-error.ts";
import type { ApiObject } from "../kubernetes/api-object.ts";
import type { ObjectStatus } from "../status/object-status.ts";
import { LiveObjects } from "./live-objects.ts";
import { StatusWriter } from "./status-writer.ts";

const key = "HTTPRoute/shop/cart";
const reference = { group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "shop", name: "cart" };
const parentRef = { group: "gateway.networking.k8s.io", kind: "Gateway", name: "edge" } as const;
const controllerName = "gatewright.dev/gateway-controller";

function accepted(status: "True" | "False"): ObjectStatus {
  const condition = { type: "Accepted", status, reason: "R", message: "", observedGeneration: 1 };
  return { reference, status: { parents: [{ parentRef, controllerName, conditions: [condition] }] } };
}

interface Patch {
  readonly metadata: { readonly resourceVersion: string };
  readonly status: unknown;
}

interface Entries {
  readonly parents: readonly {
    readonly controllerName: string;
    readonly conditions: readonly { readonly status: string }[];
  }[];
}

/** One object of an API server: versions, conflicts, and a watch that shows what it has when it is told to. */
class Store {
  writes = 0;
  object: ApiObject = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "cart", namespace: "shop", uid: "u", resourceVersion: "1" },
  };

  readonly client = {
    get: () => Promise.resolve(this.object),
    mergePatch: (_resource: unknown, _name: unknown, patch: unknown): Promise<ApiObject> => {
      const { metadata, status }: Patch = JSON.parse(JSON.stringify(patch));
      if (metadata.resourceVersion !== this.object.metadata.resourceVersion) {
        return Promise.reject(new ApiError("changed", { reason: "Conflict", status: 409 }));
      }
      this.writes += 1;
      this.change(status);
      return Promise.resolve(this.object);
    },
  };

  /** As somebody else does it. */
  change(status: unknown): void {
    const resourceVersion = String(Number(this.object.metadata.resourceVersion) + 1);
    this.object = { ...this.object, status, metadata: { ...this.object.metadata, resourceVersion } };
  }

  show(live: LiveObjects): void {
    const { resourceVersion = "", uid } = this.object.metadata;
    live.observe(key, { ...reference, uid, resourceVersion, status: this.object["status"] });
  }

  entries(): readonly string[] {
    const { parents }: Entries = JSON.parse(JSON.stringify(this.object["status"]));
    return parents.map((entry) => `${entry.controllerName} ${entry.conditions.map(({ status }) => status).join()}`);
  }
}

describe("the writer of statuses", () => {
  let store: Store;
  let live: LiveObjects;
  let graph: Graph;
  let failures: number;
  beforeEach(() => {
    store = new Store();
    live = new LiveObjects();
    graph = new Graph();
    failures = 0;
  });

  /** Waits until the writer has nothing left to do. */
  async function written(statuses: ReturnType<typeof graph.input<ObjectStatus>>, lead = true): Promise<StatusWriter> {
    const writer = new StatusWriter({
      client: store.client,
      statuses,
      live,
      resourceOf: () => ({ group: "g", version: "v1", kind: "HTTPRoute", plural: "httproutes", namespaced: true }),
      failed: () => {
        failures += 1;
      },
    });
    store.show(live);
    if (lead) {
      writer.start();
      await writer.idle();
    }
    return writer;
  }

  test("writes what differs, once, and nothing after a restart", async () => {
    const statuses = graph.input<ObjectStatus>("statuses");
    statuses.set(key, accepted("True"));
    const first = await written(statuses);
    equal(store.writes, 1);
    deepEqual(store.entries(), [`${controllerName} True`]);
    first.close();
    (await written(statuses)).close();
    equal(store.writes, 1);
  });

  test("has nothing to do for what is gone", async () => {
    const statuses = graph.input<ObjectStatus>("statuses");
    statuses.set(key, accepted("True"));
    const writer = await written(statuses);
    live.observe(key, undefined);
    writer.seen([key]);
    statuses.delete(key);
    equal(writer.backlog.keys, 0);
    writer.close();
  });

  test("writes nothing when it does not lead", async () => {
    const statuses = graph.input<ObjectStatus>("statuses");
    const writer = await written(statuses, false);
    statuses.set(key, accepted("True"));
    equal(store.writes, 0);
    writer.close();
  });

  test("after a conflict reads anew, and keeps what others wrote meanwhile", async () => {
    const statuses = graph.input<ObjectStatus>("statuses");
    store.show(live);
    const other = {
      parentRef,
      controllerName: "example.com/other",
      conditions: [{ type: "Accepted", status: "False" }],
    };
    statuses.set(key, accepted("True"));
    const writer = await written(statuses, false);
    store.change({ parents: [other] });
    writer.start();
    await writer.idle();
    equal(failures, 1);
    equal(store.writes, 1);
    deepEqual(store.entries(), ["example.com/other False", `${controllerName} True`]);
    writer.close();
  });

  test("puts back what somebody took away, and takes away what is over", async () => {
    const statuses = graph.input<ObjectStatus>("statuses");
    statuses.set(key, accepted("True"));
    const writer = await written(statuses);
    store.change({ parents: [] });
    store.show(live);
    writer.seen([key]);
    await writer.idle();
    deepEqual(store.entries(), [`${controllerName} True`]);
    statuses.delete(key);
    await writer.idle();
    deepEqual(store.entries(), []);
    writer.close();
  });
});
