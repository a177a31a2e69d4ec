import { deepEqual, equal, match, ok } from "node:assert/strict";
import { once } from "node:events";
import { afterEach, beforeEach, describe, type TestContext, test } from "node:test";
import { FakeApiServer } from "../../kubernetes/testing/fake-api-server.ts";
import { type Kind, kindNamed } from "../../resources/kinds.ts";
import type { KubernetesObject } from "../../resources/object.ts";
import type { ResourceBatch, ResourceSource } from "../source.ts";
import type { ServedKind } from "./custom-resources.ts";
import { type ObservedObject, type WatchClusterOptions, watchCluster } from "./watch-cluster.ts";

function kind(name: string): Kind {
  const found = kindNamed(name);
  ok(found !== undefined);
  return found;
}

const routes = kind("httproute");
const services = kind("service");
const secrets = kind("secret");
const namespaces = kind("namespace");
const endpointSlices = kind("endpointslice");

function route(name: string, { generation = 1, ...rest }: { generation?: number; [field: string]: unknown } = {}) {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { namespace: "shop", name, generation },
    spec: { parentRefs: [{ name: "public" }], hostnames: [`${name}.example.com`] },
    ...rest,
  };
}

function service(name: string, spec: object = {}) {
  return { apiVersion: "v1", kind: "Service", metadata: { namespace: "shop", name }, spec };
}

function endpointSlice(name: string) {
  const metadata = { namespace: "shop", name, labels: { "kubernetes.io/service-name": "web" } };
  return { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice", metadata, addressType: "IPv4", endpoints: [] };
}

describe("watchCluster", () => {
  let server: FakeApiServer;
  let batches: ResourceBatch[];
  let told: EventTarget;
  let source: ResourceSource | undefined;
  let log: string[];
  let served: (readonly ServedKind[])[];
  let observed: Map<string, ObservedObject | undefined>;
  let closeClient: () => void;
  let duringBatch: () => void;

  beforeEach(async () => {
    server = await FakeApiServer.start();
    for (const each of [services, secrets, namespaces, endpointSlices]) server.serve(each);
    batches = [];
    told = new EventTarget();
    log = [];
    served = [];
    observed = new Map();
    closeClient = () => {};
    duringBatch = () => {};
  });
  afterEach(async () => {
    server.release();
    await source?.close();
    closeClient();
    await server.close();
  });

  function start(options: Partial<WatchClusterOptions> = {}): void {
    const client = server.client();
    closeClient = () => client.close();
    const logged = (fields: object, message: string): void => {
      log.push(`${message} ${JSON.stringify(fields)}`);
      told.dispatchEvent(new Event("told"));
    };
    const sink = {
      apply: (batch: ResourceBatch) => {
        batches.push(batch);
        duringBatch();
        told.dispatchEvent(new Event("told"));
      },
    };
    source = watchCluster(client, sink, {
      kinds: [routes, services, secrets, namespaces, endpointSlices],
      logger: { info: logged, warn: logged },
      served: (now) => served.push(now),
      observed: (key, object) => {
        observed.set(key, object);
        told.dispatchEvent(new Event("told"));
      },
      ...options,
    });
  }

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await once(told, "told");
  }

  async function nextBatch(): Promise<string> {
    const before = batches.length;
    await until(() => batches.length > before);
    return words(batches.at(-1));
  }

  /** @example "Service/shop/cart -HTTPRoute/shop/a" */
  function words(batch: ResourceBatch | undefined): string {
    return (batch?.changes ?? []).map((it) => `${it.object === undefined ? "-" : ""}${it.kind}/${it.key}`).join(" ");
  }

  function objectOf(key: string): KubernetesObject | undefined {
    return batches.flatMap(({ changes }) => changes).findLast((change) => `${change.kind}/${change.key}` === key)
      ?.object;
  }

  test("the first batch is everything, once the last first list is complete", async () => {
    server.serve(routes);
    server.put(route("a"));
    server.put(service("cart"));
    server.hold("/services");
    start();
    await until(() => observed.has("HTTPRoute/shop/a"));
    deepEqual(batches, []);
    server.release();
    equal(await nextBatch(), "HTTPRoute/shop/a Service/shop/cart");
    await source?.ready;
  });

  test("an empty cluster is a batch, too; a custom resource that comes and goes is followed", async () => {
    start();
    await source?.ready;
    deepEqual(batches.map(words), [""]);
    equal(served.at(-1)?.[0]?.resource, undefined);
    match(log.join("\n"), /the cluster lacks .*"missing":\["HTTPRoute"\]/);

    server.serve(routes, ["v1beta1", "v1"], {
      "gateway.networking.k8s.io/bundle-version": "v1.7.0",
      "gateway.networking.k8s.io/channel": "standard",
    });
    server.put(route("a"));
    equal(await nextBatch(), "HTTPRoute/shop/a");
    const now = served.at(-1)?.[0];
    equal(now?.resource?.version, "v1");
    deepEqual(now?.definition, { bundleVersion: "v1.7.0", channel: "standard" });

    server.withdraw(routes);
    equal(await nextBatch(), "-HTTPRoute/shop/a");
    await until(() => /missing":\["HTTPRoute/.test(log.at(-1) ?? ""));
    server.serve(routes);
    server.put(route("b"));
    equal(await nextBatch(), "HTTPRoute/shop/b");
  });

  test("an older version is read as the newest; another one takes over without a change of what is the same", async () => {
    const old = (name: string) => ({ ...route(name), apiVersion: "gateway.networking.k8s.io/v1beta1" });
    server.serve(routes, ["v1beta1"]);
    server.put(old("same"));
    server.put(old("gone"));
    start();
    await source?.ready;
    equal(words(batches[0]), "HTTPRoute/shop/same HTTPRoute/shop/gone");
    equal(objectOf("HTTPRoute/shop/same")?.apiVersion, "gateway.networking.k8s.io/v1");
    // As if somebody had installed a newer release.
    server.serve(routes, ["v1"]);
    server.put(route("same"));
    server.put(route("fresh"));
    equal(await nextBatch(), "HTTPRoute/shop/fresh -HTTPRoute/shop/gone");
  });

  test("a burst is one batch, each object at most once, and the last version of it", async () => {
    server.serve(routes);
    server.put(service("gone"));
    start();
    await source?.ready;
    for (let i = 0; i < 100; i++) server.put(service(`s${i % 10}`, { ports: [{ port: i + 1 }] }));
    server.remove(service("gone"));
    await nextBatch();
    equal(batches.length, 2);
    equal(batches[1]?.changes.length, 11);
    deepEqual(JSON.parse(JSON.stringify(objectOf("Service/shop/s9"))).spec.ports, [{ port: 100, protocol: "TCP" }]);
  });

  /** Starts with routes, and with a clock that stands still but for what is told to pass, and for what a batch takes. */
  async function startTimed(context: TestContext, batchMs: number): Promise<(milliseconds: number) => void> {
    server.serve(routes);
    start();
    await source?.ready;
    let now = performance.now() + 1_000;
    const pass = (milliseconds: number): void => {
      now += milliseconds;
    };
    context.mock.method(performance, "now", () => now);
    context.mock.timers.enable({ apis: ["setTimeout"] });
    duringBatch = () => pass(batchMs);
    return pass;
  }

  test("what comes while a batch has just been applied waits, as one batch, and the next change does not", async (context) => {
    const pass = await startTimed(context, 0.5);
    const comes = async (name: string): Promise<void> => {
      server.put(route(name));
      await until(() => observed.has(`HTTPRoute/shop/${name}`));
    };
    await comes("a");
    equal(await nextBatch(), "HTTPRoute/shop/a");
    for (const name of ["b", "c", "d"]) await comes(name);
    equal(batches.length, 2);
    // Ten times as long as the last one took.
    pass(5);
    context.mock.timers.tick(5);
    equal(await nextBatch(), "HTTPRoute/shop/b HTTPRoute/shop/c HTTPRoute/shop/d");
    pass(5);
    server.put(route("e"));
    equal(await nextBatch(), "HTTPRoute/shop/e");
  });

  test("endpoints do not wait, and what waits goes with them", async (context) => {
    await startTimed(context, 1);
    server.put(route("a"));
    equal(await nextBatch(), "HTTPRoute/shop/a");
    server.put(route("b"));
    await until(() => observed.has("HTTPRoute/shop/b"));
    server.put(endpointSlice("web-1"));
    equal(await nextBatch(), "HTTPRoute/shop/b EndpointSlice/shop/web-1");
    server.put(endpointSlice("web-2"));
    equal(await nextBatch(), "EndpointSlice/shop/web-2");
  });

  test("what changes no meaning is no batch, and is observed: status, managed fields, what was applied last", async () => {
    server.serve(routes);
    server.put(route("a"));
    server.put(service("cart"));
    start();
    await source?.ready;
    const status = { parents: [{ controllerName: "example.com/other" }] };
    server.put(route("a", { status }));
    await until(() => observed.get("HTTPRoute/shop/a")?.status !== undefined);
    deepEqual(observed.get("HTTPRoute/shop/a")?.status, status);
    const annotations = { "kubectl.kubernetes.io/last-applied-configuration": "{}" };
    server.put({ ...service("cart"), metadata: { ...service("cart").metadata, annotations } });
    server.put(service("last"));
    equal(await nextBatch(), "Service/shop/last");
    const object = objectOf("HTTPRoute/shop/a");
    deepEqual(Object.keys(object ?? {}), ["apiVersion", "kind", "metadata", "spec"]);
    deepEqual(object?.metadata, { name: "a", namespace: "shop", generation: 1, uid: "shop/a" });
  });

  test("fields that only a newer definition has are reported and left out; a form that can't be read changes nothing", async () => {
    server.serve(routes);
    server.put(route("a", { spec: { ...route("a").spec, novelty: true } }));
    start();
    await source?.ready;
    const code = (): readonly string[] =>
      (batches.at(-1)?.findings.get("HTTPRoute/shop/a") ?? []).map((it) => `${it.severity} ${it.code}`);
    deepEqual(code(), ["warning unknown-field"]);
    ok(!("novelty" in Object(Object(objectOf("HTTPRoute/shop/a")).spec)));

    server.put(route("a", { generation: 2, spec: { hostnames: "not a list" } }));
    equal(await nextBatch(), "");
    deepEqual(code(), ["error wrong-type", "warning last-good-version"]);

    server.put(route("a", { generation: 3 }));
    equal(await nextBatch(), "HTTPRoute/shop/a");
    equal(batches.at(-1)?.findings.get("HTTPRoute/shop/a")?.length, 0);
  });

  test("of Secrets and ConfigMaps, what a Gateway can use: not other types, not other values", async () => {
    const configMaps = kind("configmap");
    server.serve(configMaps);
    const metadata = { namespace: "shop", name: "c" };
    const [text, binaryData] = [
      { "ca.crt": "pem", big: "x" },
      { "ca.crt": "cGVt", big: "eA==" },
    ];
    server.put({ apiVersion: "v1", kind: "ConfigMap", metadata, data: text, binaryData });
    const data = { "tls.crt": "YQ==", "tls.key": "Yg==", password: "Yw==" };
    server.put({ apiVersion: "v1", kind: "Secret", metadata: { namespace: "shop", name: "s" }, data });
    start({ kinds: [secrets, configMaps] });
    await source?.ready;
    const asked = server.asked.find((line) => line.includes("/secrets?"));
    match(decodeURIComponent(asked ?? ""), /fieldSelector=type!=.*,type!=helm\.sh\/release\.v1,/);
    deepEqual(Object(objectOf("Secret/shop/s")).data, { ...data, password: "" });
    const read = Object(objectOf("ConfigMap/shop/c"));
    deepEqual(
      [read.data, read.binaryData],
      [
        { "ca.crt": "pem", big: "" },
        { "ca.crt": "cGVt", big: "" },
      ],
    );
  });

  test("scope: some namespaces, and labels for Gateways and routes", async () => {
    server.serve(routes);
    const labels = { shard: "1" };
    server.put({ ...route("a"), metadata: { namespace: "shop", name: "a", labels } });
    server.put({ ...route("b"), metadata: { namespace: "other", name: "b", labels } });
    server.put(route("c"));
    start({ namespaces: ["shop", "empty"], labelSelector: "shard=1" });
    await source?.ready;
    equal(words(batches[0]), "HTTPRoute/shop/a");
    const asked = server.asked.map((line) =>
      decodeURIComponent(line.replace(/&?(watch|allow|timeout|send|resourceV)\w*=\w+/g, "")),
    );
    for (const line of [
      "GET /apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes?labelSelector=shard=1",
      "GET /apis/gateway.networking.k8s.io/v1/namespaces/empty/httproutes?labelSelector=shard=1",
      "GET /api/v1/namespaces/shop/services?",
      "GET /api/v1/namespaces?fieldSelector=metadata.name=shop",
    ])
      ok(asked.includes(line), `${line} in\n${asked.join("\n")}`);
  });

  test("a server that is away: everything stays, and what happened meanwhile is one change each", async () => {
    server.serve(routes);
    for (const name of ["same", "gone"]) server.put(service(name));
    start();
    await source?.ready;
    server.refuse("/services", 500);
    server.breakWatches();
    await until(() => log.some((line) => line.startsWith("services can't be read now")));
    server.remove(service("gone"));
    server.put(service("fresh"));
    equal(batches.length, 1);
    server.refuse("/services", 200);
    const changes = new Set((await nextBatch()).split(" "));
    deepEqual(changes, new Set(["Service/shop/fresh", "-Service/shop/gone"]));
    await until(() => log.some((line) => line.startsWith("the API server answers again")));
  });

  test("may not be read: definitions are asked of discovery once; a kind holds everything back, and says so", async () => {
    server.serve(routes);
    server.put(route("a"));
    server.refuse("/customresourcedefinitions", 403);
    server.refuse("/secrets", 403);
    start();
    await until(() => log.some((line) => line.startsWith("secrets may not be read: grant get, list and watch")));
    equal(batches.length, 0);
    server.refuse("/secrets", 200);
    equal(await nextBatch(), "HTTPRoute/shop/a");
    match(log.join("\n"), /CustomResourceDefinitions may not be read/);
  });
});
