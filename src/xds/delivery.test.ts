import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { connected, lines, shop } from "./testing/connected.ts";
import { FakeStream, summary } from "./testing/fake-stream.ts";
import { cluster, endpoints, fixture, listener, resource, scope } from "./testing/fixture.ts";
import { CLUSTER, CLUSTER_LOAD_ASSIGNMENT, LISTENER, SCOPED_ROUTE_CONFIGURATION, SECRET } from "./type-url.ts";

describe("subscriptions", () => {
  test("a wildcard subscription gets everything of its type, in one response", () => {
    const { delivery } = fixture([cluster("a"), cluster("b"), endpoints("a")]);
    const stream = new FakeStream(delivery);
    stream.request(CLUSTER);
    const response = stream.takeOne();
    equal(summary(response), "Cluster a b");
    deepEqual(response.resources[0], { name: "a", version: cluster("a").version, value: `{"endpoints":"a"}` });
  });

  test("an explicit wildcard is one too", () => {
    const { delivery } = fixture([cluster("a")]);
    const stream = new FakeStream(delivery);
    stream.request(CLUSTER, { subscribe: ["*"] });
    equal(summary(stream.takeOne()), "Cluster a");
  });

  test("a wildcard subscription to nothing is answered all the same", () => {
    const { delivery } = fixture();
    const stream = new FakeStream(delivery);
    stream.request(CLUSTER);
    equal(summary(stream.takeOne()), "Cluster");
  });

  test("a name that does not exist is answered as removed, and sent once it does", () => {
    const { delivery, apply } = fixture([endpoints("a")]);
    const stream = new FakeStream(delivery);
    stream.request(CLUSTER_LOAD_ASSIGNMENT, { subscribe: ["a", "b"] });
    deepEqual(lines(stream.ackAll()), ["ClusterLoadAssignment a -b"]);
    apply({ set: [endpoints("b"), endpoints("c")] });
    deepEqual(lines(stream.ackAll()), ["ClusterLoadAssignment b"]);
  });

  test("what a controller of another version sent, of a type that is not sent any more, is not taken away", () => {
    const { delivery } = fixture([listener("a")]);
    const stream = new FakeStream(delivery);
    const extension = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig";
    stream.request(extension, { subscribe: ["fix"], initialVersions: new Map([["fix", "1"]]) });
    deepEqual(lines(stream.ackAll()), []);
    stream.request(LISTENER);
    deepEqual(lines(stream.ackAll()), ["Listener a"]);
  });

  test("a name that is subscribed to again is sent again", () => {
    const { delivery } = fixture([endpoints("a")]);
    const stream = new FakeStream(delivery);
    stream.request(CLUSTER_LOAD_ASSIGNMENT, { subscribe: ["a"] });
    stream.ackAll();
    stream.request(CLUSTER_LOAD_ASSIGNMENT, { subscribe: ["a"] });
    deepEqual(lines(stream.ackAll()), ["ClusterLoadAssignment a"]);
  });

  test("nothing is sent of a name that was unsubscribed", () => {
    const { delivery, apply } = fixture([endpoints("a")]);
    const stream = new FakeStream(delivery);
    stream.request(CLUSTER_LOAD_ASSIGNMENT, { subscribe: ["a"] });
    stream.ackAll();
    stream.request(CLUSTER_LOAD_ASSIGNMENT, { unsubscribe: ["a"] });
    apply({ set: [endpoints("a", { note: 2 })] });
    deepEqual(lines(stream.ackAll()), []);
    stream.request(CLUSTER_LOAD_ASSIGNMENT, { subscribe: ["a"] });
    deepEqual(lines(stream.ackAll()), ["ClusterLoadAssignment a"]);
  });

  test("of a wildcard that is subscribed to again, everything is sent again", () => {
    const { delivery } = fixture(shop);
    const stream = connected(delivery);
    stream.request(SCOPED_ROUTE_CONFIGURATION, { subscribe: ["*"] });
    deepEqual(lines(stream.ackAll()), ["ScopedRouteConfiguration s/a"]);
    stream.request(SCOPED_ROUTE_CONFIGURATION, { unsubscribe: ["*"] });
    stream.request(SCOPED_ROUTE_CONFIGURATION, { subscribe: ["*"] });
    deepEqual(lines(stream.ackAll()), ["ScopedRouteConfiguration s/a"]);
  });

  test("a name unsubscribed under a wildcard is answered with its state", () => {
    const { delivery } = fixture([cluster("a")]);
    const stream = new FakeStream(delivery);
    stream.request(CLUSTER, { subscribe: ["*", "a", "b"] });
    deepEqual(lines(stream.ackAll()), ["Cluster a -b"]);
    stream.request(CLUSTER, { unsubscribe: ["a", "b"] });
    deepEqual(lines(stream.ackAll()), ["Cluster a -b"]);
  });

  test("a type that nobody serves is answered with nothing", () => {
    const { delivery } = fixture(shop);
    const stream = new FakeStream(delivery);
    stream.request("type.googleapis.com/envoy.service.runtime.v3.Runtime", { subscribe: ["layer"] });
    deepEqual(lines(stream.ackAll()), ["Runtime -layer"]);
  });

  test("on reconnection only differences are sent, removals among them", () => {
    const { delivery, clock } = fixture([...shop, scope("s/b", []), endpoints("b")]);
    const stream = new FakeStream(delivery);
    stream.request(CLUSTER, { initialVersions: new Map([["a", cluster("a").version]]) });
    stream.request(CLUSTER_LOAD_ASSIGNMENT, {
      subscribe: ["a"],
      initialVersions: new Map([["a", endpoints("a").version]]),
    });
    stream.request(SCOPED_ROUTE_CONFIGURATION, {
      initialVersions: new Map([
        ["s/a", scope("s/a", ["a"]).version],
        ["s/b", "old"],
        ["s/c", "gone"],
      ]),
    });
    stream.request(LISTENER, { initialVersions: new Map([["l", listener("l").version]]) });
    // Envoy's answer to no clusters tells that those which it has are warm.
    deepEqual(lines(stream.ackAll()), ["Cluster", "ScopedRouteConfiguration s/b", "ScopedRouteConfiguration -s/c"]);
    equal(delivery.status("edge").settled, true);
    clock.advance(60_000);
    deepEqual(lines(stream.ackAll()), []);
  });
});

describe("changes", () => {
  test("only what changed is sent", () => {
    const { delivery, apply } = fixture([...shop, scope("s/b", [])]);
    const stream = connected(delivery);
    apply({ set: [scope("s/b", [], { note: 2 })] });
    deepEqual(lines(stream.ackAll()), ["ScopedRouteConfiguration s/b"]);
    apply({ remove: [scope("s/b", [])] });
    deepEqual(lines(stream.ackAll()), ["ScopedRouteConfiguration -s/b"]);
  });

  test("an equal version is not sent, whatever it went through", () => {
    const { delivery, apply } = fixture(shop);
    const stream = connected(delivery);
    apply({ set: shop });
    apply({ remove: [listener("l")], set: [] });
    const [removal] = stream.take();
    apply({ set: [listener("l")] });
    apply({ remove: [listener("l")] });
    if (removal !== undefined) stream.ack(removal);
    deepEqual(lines(stream.take()), []);
  });

  test("what changes while a response is in flight goes with the next one, in its latest state", () => {
    const { delivery, apply } = fixture(shop);
    const stream = connected(delivery);
    apply({ set: [scope("s/a", ["a"], { note: 1 })] });
    const first = stream.takeOne();
    for (let note = 2; note <= 9; note++) apply({ set: [scope("s/a", ["a"], { note }), scope(`s/${note}`, [])] });
    deepEqual(stream.take(), []);
    stream.ack(first);
    const second = stream.takeOne();
    equal(second.resources.length, 9);
    equal(second.resources.find(({ name }) => name === "s/a")?.value, `{"clusters":["a"],"note":9}`);
  });

  test("a late answer to an old response changes nothing", () => {
    const { delivery } = fixture(shop);
    const stream = new FakeStream(delivery);
    stream.request(CLUSTER, { nonce: "from another stream" });
    const response = stream.takeOne();
    stream.ack(response);
    stream.nack(response, "too late");
    deepEqual(stream.take(), []);
    equal(delivery.isAcknowledged(`edge|${CLUSTER}|a`), true);
  });

  test("a large change is cut into responses, the first answer never is", () => {
    const many = Array.from({ length: 100 }, (_, index) => scope(`s/${index}`, []));
    const { delivery, apply } = fixture([], { knows: () => true, responseBytes: 1_000 });
    const stream = new FakeStream(delivery);
    stream.request(SCOPED_ROUTE_CONFIGURATION);
    stream.ackAll();
    apply({ set: many });
    const sizes = stream.ackAll().map(({ resources }) => resources.length);
    equal(
      sizes.reduce((sum, size) => sum + size, 0),
      100,
    );
    equal(Math.max(...sizes) < 20, true, `sizes ${sizes.join(" ")}`);

    const other = new FakeStream(delivery);
    other.request(SCOPED_ROUTE_CONFIGURATION);
    equal(other.takeOne().resources.length, 100);
  });

  test("nothing is written while the transport is full", () => {
    const { delivery, apply } = fixture(shop);
    const stream = connected(delivery);
    stream.writable = false;
    apply({ set: [listener("l", { note: 1 })] });
    stream.takeOne();
    apply({ set: [scope("s/b", [])] });
    deepEqual(stream.take(), []);
    stream.writable = true;
    stream.session.drained();
    equal(summary(stream.takeOne()), "ScopedRouteConfiguration s/b");
  });

  test("each stream has a state of its own", () => {
    const { delivery, apply } = fixture(shop);
    const first = connected(delivery);
    const second = connected(delivery);
    apply({ set: [listener("l", { note: 1 })] });
    const response = first.takeOne();
    deepEqual(lines(second.ackAll()), ["Listener l"]);
    equal(delivery.isAcknowledged(`edge|${LISTENER}|l`), false);
    equal(delivery.status("edge").settled, false);
    first.ack(response);
    equal(delivery.isAcknowledged(`edge|${LISTENER}|l`), true);
    deepEqual(delivery.status("edge"), { connected: 2, settled: true });
    first.close("test");
    second.close("test");
    deepEqual(delivery.status("edge"), { connected: 0, settled: false });
  });

  test("secrets of other proxies stay theirs", () => {
    const { delivery, apply } = fixture([resource(SECRET, "certificate", {}, "other")]);
    const stream = new FakeStream(delivery);
    stream.request(SECRET, { subscribe: ["certificate"] });
    deepEqual(lines(stream.ackAll()), ["Secret -certificate"]);
    apply({ set: [resource(SECRET, "certificate", { note: 2 }, "other")] });
    deepEqual(lines(stream.ackAll()), []);
  });
});
