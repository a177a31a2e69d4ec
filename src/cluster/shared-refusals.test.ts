import { deepEqual, equal } from "node:assert/strict";
import { EventEmitter, on, once } from "node:events";
import { type TestContext, test } from "node:test";
import { Graph } from "../collections/graph.ts";
import type { ApiObject } from "../kubernetes/api-object.ts";
import type { WatchEvent } from "../kubernetes/client.ts";
import { type Refusal, refusalKey } from "../status/refusal.ts";
import { SharedRefusals, type SharedRefusalsOptions } from "./shared-refusals.ts";

/** An API server with ConfigMaps of one namespace. */
class ConfigMaps {
  readonly objects = new Map<string, ApiObject>();
  readonly #changes = new EventEmitter();
  #version = 1;

  readonly client: SharedRefusalsOptions["client"] = {
    apply: (_resource, desired) => {
      const object = this.#next(desired);
      this.objects.set(object.metadata.name, object);
      this.#changes.emit("change", { type: "MODIFIED", object });
      return Promise.resolve(object);
    },
    delete: (_resource, { name }) => {
      const object = this.objects.get(name);
      this.objects.delete(name);
      if (object !== undefined) this.#changes.emit("change", { type: "DELETED", object: this.#next(object) });
      return Promise.resolve(object !== undefined);
    },
    list: () => {
      throw new Error("it offers WatchList");
    },
    watch: (_resource, { signal }) => this.#watch(signal),
  };

  /** Resolves when the ConfigMap of a replica is no more. */
  async whenGone(identity: string): Promise<void> {
    while (this.objects.has(`gatewright-refusals-${identity}`)) await once(this.#changes, "change");
  }

  #next(object: ApiObject): ApiObject {
    this.#version += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
  }

  async *#watch(signal: AbortSignal | undefined): AsyncGenerator<readonly WatchEvent[]> {
    const changes: AsyncIterable<WatchEvent[]> = on(this.#changes, "change", signal === undefined ? {} : { signal });
    const annotations = { "k8s.io/initial-events-end": "true" };
    const metadata = { name: "", resourceVersion: String(this.#version), annotations };
    yield [
      ...[...this.objects.values()].map((object): WatchEvent => ({ type: "ADDED", object })),
      { type: "BOOKMARK", object: { apiVersion: "v1", kind: "ConfigMap", metadata } },
    ];
    yield* changes;
  }
}

function replica(t: TestContext, store: ConfigMaps, identity: string) {
  const graph = new Graph();
  const own = graph.input<Refusal>("own");
  const all = graph.input<Refusal>("all");
  const changed = new EventEmitter();
  all.subscribe(() => changed.emit("change"));
  const logger = {
    warn: (fields: object, message: string) => {
      throw new Error(`${message}: ${JSON.stringify(fields)}`);
    },
  };
  const options = { namespace: "gatewright-system", identity, podUid: `uid-${identity}`, own, all, logger };
  const shared = new SharedRefusals({ ...options, client: store.client });
  t.after(() => shared.close());
  const known = () => [...all.entries()].map(([key, { whole }]) => `${key}: ${whole}`);
  return {
    refuse: (refusal: Refusal) => own.set(refusalKey(refusal), refusal),
    accept: (refusal: Refusal) => own.delete(refusalKey(refusal)),
    until: async (...expected: readonly string[]) => {
      while (known().join() !== expected.join()) await once(changed, "change");
    },
    known,
  };
}

const port: Refusal = { proxy: "shop/edge", typeUrl: "Listener", name: "80", whole: "taken", parts: [] };
const told = "shop/edge|Listener|80: taken";

test("what Envoys of one replica refuse is known to all, as long as one of them refuses it", {
  timeout: 20_000,
}, async (t) => {
  const store = new ConfigMaps();
  const a = replica(t, store, "a");
  const b = replica(t, store, "b");
  deepEqual(b.known(), []);
  a.refuse(port);
  deepEqual(a.known(), [told]);
  await b.until(told);
  const [shared] = store.objects.values();
  deepEqual(shared?.metadata["ownerReferences"], [{ apiVersion: "v1", kind: "Pod", name: "a", uid: "uid-a" }]);

  // One that comes later reads what there is.
  const c = replica(t, store, "c");
  await c.until(told);
  // An Envoy that was connected to `a` comes to `b`.
  b.refuse(port);
  a.accept(port);
  await store.whenGone("a");
  await a.until(told);
  deepEqual(b.known(), [told]);
  b.accept(port);
  await store.whenGone("b");
  await Promise.all([a.until(), b.until(), c.until()]);
  equal(store.objects.size, 0);
});

test("a process that starts again takes back what the one before it had shared", { timeout: 20_000 }, async (t) => {
  const store = new ConfigMaps();
  const other = replica(t, store, "b");
  replica(t, store, "a").refuse(port);
  await other.until(told);
  replica(t, store, "a");
  await store.whenGone("a");
  await other.until();
});
