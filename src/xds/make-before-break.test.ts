import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { MISSED } from "../envoy/fix.ts";
import { connected, lines, shop } from "./testing/connected.ts";
import { FakeStream, summary } from "./testing/fake-stream.ts";
import { cluster, endpoints, fixture, listener, missed, resource, scope } from "./testing/fixture.ts";
import { CLUSTER, CLUSTER_LOAD_ASSIGNMENT, LISTENER, SCOPED_ROUTE_CONFIGURATION } from "./type-url.ts";

describe("make before break", () => {
  test("a scope waits until the cluster that it names is acknowledged and has its endpoints", () => {
    const { delivery, apply } = fixture(shop);
    const stream = connected(delivery);
    apply({ set: [cluster("b"), endpoints("b"), scope("s/a", ["b"]), scope("s/c", [])] });
    const [clusters, scopes] = stream.take();
    deepEqual(lines([clusters, scopes].filter((response) => response !== undefined)), [
      "Cluster b",
      "ScopedRouteConfiguration s/c",
    ]);
    if (clusters === undefined || scopes === undefined) return;
    stream.ack(scopes);
    stream.request(CLUSTER_LOAD_ASSIGNMENT, { subscribe: ["b"] });
    const assignment = stream.takeOne();
    equal(summary(assignment), "ClusterLoadAssignment b");
    stream.ack(assignment);
    deepEqual(stream.take(), []);
    stream.ack(clusters);
    equal(summary(stream.takeOne()), "ScopedRouteConfiguration s/a");
  });

  test("a cluster goes when nothing names it any more and it has lingered", () => {
    const { delivery, apply, clock } = fixture([...shop, cluster("b"), endpoints("b")], { lingerMilliseconds: 5_000 });
    const stream = connected(delivery, ["a", "b"]);
    apply({ set: [scope("s/a", ["b"])], remove: [cluster("a"), endpoints("a")] });
    const scopes = stream.takeOne();
    clock.advance(60_000);
    deepEqual(stream.take(), []);
    stream.ack(scopes);
    equal(delivery.status("edge").settled, true);
    clock.advance(4_999);
    deepEqual(stream.take(), []);
    clock.advance(1);
    equal(summary(stream.takeOne()), "Cluster -a");
  });

  test("clusters whose time comes within a tenth of it go in one response", () => {
    const names = ["a", "b", "c", "d"];
    const shops = names.flatMap((name) => [cluster(name), endpoints(name), scope(`s/${name}`, [name])]);
    const { delivery, apply, clock } = fixture([...shops, listener("l")], { lingerMilliseconds: 1_000 });
    const stream = connected(delivery, names);
    clock.advance(1);
    for (const name of names) {
      apply({ remove: [cluster(name), endpoints(name), scope(`s/${name}`, [])] });
      stream.ackAll();
      clock.advance(20);
    }
    clock.advance(1_018);
    deepEqual(stream.take(), []);
    clock.advance(1);
    deepEqual(lines(stream.ackAll()), ["Cluster -a -b -c -d"]);
    equal(delivery.status("edge").settled, true);
  });

  test("a cluster goes also if its time comes while it is looked at what may be sent", () => {
    for (let early = 0; early < 40; early += 1) {
      const { delivery, apply, clock } = fixture([...shop, cluster("b"), endpoints("b")], { lingerMilliseconds: 100 });
      const stream = connected(delivery, ["a", "b"]);
      apply({ set: [scope("s/a", ["b"])], remove: [cluster("a"), endpoints("a")] });
      stream.ackAll();
      clock.advance(100 - early);
      const before = lines(stream.take());
      clock.perLook = 1;
      apply({ set: [scope("s/c", [])] });
      clock.perLook = 0;
      clock.advance(1_000);
      const after = lines(stream.ackAll()).filter((line) => line.startsWith("Cluster"));
      deepEqual([...before, ...after], ["Cluster -a"], `${early} ms before`);
    }
  });

  test("a cluster that is wanted again while it lingers is kept, and is warm", () => {
    const { delivery, apply, clock } = fixture([...shop, cluster("b"), endpoints("b")]);
    const stream = connected(delivery, ["a", "b"]);
    apply({ set: [scope("s/a", ["b"])], remove: [cluster("a"), endpoints("a")] });
    stream.ackAll();
    clock.advance(3_000);
    apply({ set: [scope("s/a", ["a"]), cluster("a"), endpoints("a")] });
    deepEqual(lines(stream.ackAll()), ["ScopedRouteConfiguration s/a"]);
    clock.advance(60_000);
    deepEqual(stream.take(), []);
  });

  test("after a reconnection, too, a cluster stays while an old scope may name it", () => {
    const { delivery, clock } = fixture([cluster("b"), endpoints("b"), scope("s/a", ["b"]), listener("l")], {
      lingerMilliseconds: 0,
    });
    const stream = new FakeStream(delivery);
    stream.request(SCOPED_ROUTE_CONFIGURATION, { initialVersions: new Map([["s/a", "names a"]]) });
    const scopes = stream.take();
    deepEqual(lines(scopes), ["ScopedRouteConfiguration s/a"]);
    stream.request(CLUSTER, {
      initialVersions: new Map([
        ["a", "old"],
        ["b", cluster("b").version],
      ]),
    });
    clock.advance(60_000);
    deepEqual(lines(stream.ackAll()), ["Cluster"]);
    for (const response of scopes) stream.ack(response);
    equal(summary(stream.takeOne()), "Cluster -a");
  });

  test("a changed cluster gets its endpoints again: Envoy does not ask, and would warm for 15 s", () => {
    const { delivery, apply } = fixture(shop);
    const stream = connected(delivery);
    apply({ set: [cluster("a", { note: 2 })] });
    deepEqual(lines(stream.take()), ["Cluster a", "ClusterLoadAssignment a"]);
  });

  test("so does a new cluster with endpoints that Envoy has for another one", () => {
    const { delivery, apply } = fixture(shop);
    const stream = connected(delivery);
    apply({ set: [cluster("b", { endpoints: "a" }), scope("s/a", ["b"])] });
    deepEqual(lines(stream.ackAll()), ["Cluster b", "ClusterLoadAssignment a", "ScopedRouteConfiguration s/a"]);
  });

  test("a cluster that does not exist is not waited for", () => {
    const { delivery, apply } = fixture(shop);
    const stream = connected(delivery);
    apply({ set: [scope("s/a", ["nowhere"])] });
    deepEqual(lines(stream.ackAll()), ["ScopedRouteConfiguration s/a"]);
  });

  test("endpoints and secrets are never removed, and go out at once", () => {
    const { delivery, apply } = fixture(shop);
    const stream = connected(delivery);
    apply({ set: [endpoints("a", { note: 2 }), cluster("b"), endpoints("b"), scope("s/a", ["b"])] });
    deepEqual(lines(stream.take()), ["Cluster b", "ClusterLoadAssignment a"]);
    apply({ remove: [endpoints("a")] });
    deepEqual(stream.take(), []);
  });

  test("a slow cluster does not keep back other clusters, nor what names those, for longer than the patience", () => {
    const { delivery, apply, clock } = fixture(shop, { patienceMilliseconds: 1_000 });
    const stream = connected(delivery);
    apply({ set: [resource(CLUSTER, "slow"), scope("s/slow", ["slow"])] });
    const slow = stream.takeOne();
    apply({ set: [cluster("b", { endpoints: "a" }), scope("s/a", ["b"])] });
    deepEqual(stream.take(), []);
    clock.advance(1_000);
    const [clusters, assignment] = stream.take();
    deepEqual(lines([clusters, assignment].filter((response) => response !== undefined)), [
      "Cluster b",
      "ClusterLoadAssignment a",
    ]);
    if (assignment !== undefined) stream.ack(assignment);
    deepEqual(stream.take(), []);
    clock.advance(1_000);
    equal(summary(stream.takeOne()), "ScopedRouteConfiguration s/a");
    stream.ack(slow);
    deepEqual(lines(stream.take()), []);
  });

  test("a scope is there before the script that points to it, and gone after", () => {
    const before = [...shop, missed([])];
    const { delivery, apply } = fixture(before);
    const stream = connected(delivery);
    apply({ set: [scope("s/*.w", ["a"]), missed(["s/*.w"])] });
    const added = stream.takeOne();
    equal(summary(added), "ScopedRouteConfiguration s/*.w");
    stream.ack(added);
    const changed = stream.takeOne();
    equal(summary(changed), "ScopedRouteConfiguration ~");
    stream.ack(changed);
    apply({ set: [missed([])], remove: [scope("s/*.w", ["a"])] });
    const shrunk = stream.takeOne();
    equal(summary(shrunk), "ScopedRouteConfiguration ~");
    stream.ack(shrunk);
    equal(summary(stream.takeOne()), "ScopedRouteConfiguration -s/*.w");
  });

  test("the first answer has the script with the scopes that it points to", () => {
    const { delivery } = fixture([...shop, scope("s/*.w", ["a"]), missed(["s/*.w"])]);
    const stream = new FakeStream(delivery);
    stream.request(CLUSTER);
    stream.ackAll();
    stream.request(CLUSTER_LOAD_ASSIGNMENT, { subscribe: ["a"] });
    stream.ackAll();
    stream.request(SCOPED_ROUTE_CONFIGURATION);
    deepEqual(lines(stream.ackAll()), ["ScopedRouteConfiguration s/a s/*.w ~"]);
  });

  test("a scope goes only when the listeners have changed", () => {
    const { delivery, apply } = fixture(shop);
    const stream = connected(delivery);
    apply({ set: [scope("t/a", ["a"]), listener("l", { note: 2 })], remove: [scope("s/a", ["a"])] });
    deepEqual(lines(stream.ackAll()), ["ScopedRouteConfiguration t/a", "Listener l", "ScopedRouteConfiguration -s/a"]);
  });

  test("also when a listener waits for its cluster", () => {
    const { delivery, apply } = fixture([...shop, missed([])]);
    const stream = connected(delivery);
    apply({
      set: [cluster("b"), endpoints("b"), listener("l", { clusters: ["b"], scopes: [MISSED] })],
      remove: [scope("s/a", ["a"])],
    });
    const [clusters] = stream.take();
    stream.request(CLUSTER_LOAD_ASSIGNMENT, { subscribe: ["b"] });
    stream.ackAll();
    deepEqual(stream.take(), []);
    if (clusters !== undefined) stream.ack(clusters);
    deepEqual(lines(stream.ackAll()), ["Listener l", "ScopedRouteConfiguration -s/a"]);
  });

  test("a listener comes after the tables that it needs, whichever an Envoy that connects again asks for first", () => {
    const tables = [scope("s/a", []), scope("s/b", []), missed([])];
    const { delivery } = fixture([...tables, listener("l", { scopes: [MISSED] })], { responseBytes: 100 });
    const stream = new FakeStream(delivery);
    stream.request(LISTENER, {
      initialVersions: new Map([
        ["k", "earlier"],
        ["l", "earlier"],
      ]),
    });
    stream.request(SCOPED_ROUTE_CONFIGURATION, {
      initialVersions: new Map([MISSED, "s/gone", "s/a", "s/b"].map((name) => [name, "earlier"])),
    });
    stream.request(CLUSTER);
    const order = lines(stream.ackAll()).filter((line) => line !== "Cluster");
    deepEqual(order, [
      "ScopedRouteConfiguration ~",
      "ScopedRouteConfiguration s/a",
      "ScopedRouteConfiguration s/b",
      "Listener l -k",
      "ScopedRouteConfiguration -s/gone",
    ]);
  });

  test("a listener does not wait for scopes that are refused, go, or are never asked for", () => {
    const { delivery } = fixture([scope("s/a", []), missed([]), listener("l", { scopes: [MISSED] })]);
    const silent = new FakeStream(delivery);
    silent.request(LISTENER, { initialVersions: new Map([["l", "earlier"]]) });
    deepEqual(silent.take(), []);
    silent.request(CLUSTER);
    deepEqual(lines(silent.ackAll()), ["Cluster", "Listener l"]);

    const stream = new FakeStream(delivery);
    stream.request(LISTENER, { initialVersions: new Map([["l", "earlier"]]) });
    stream.request(SCOPED_ROUTE_CONFIGURATION, {
      initialVersions: new Map([
        ["s/a", "earlier"],
        ["s/gone", "earlier"],
        [MISSED, missed([]).version],
      ]),
    });
    stream.request(CLUSTER);
    const [first, second] = stream.take();
    deepEqual(lines([first, second].filter((one) => one !== undefined)), ["ScopedRouteConfiguration s/a", "Cluster"]);
    if (first === undefined || second === undefined) return;
    stream.ack(second);
    stream.nack(first, "bad");
    deepEqual(lines(stream.ackAll()), ["Listener l", "ScopedRouteConfiguration -s/gone"]);
  });

  test("nor for ever", () => {
    const before = [cluster("slow"), scope("s/a", ["slow"]), missed([]), listener("l", { scopes: [MISSED] })];
    const { delivery, clock } = fixture(before, { tablesMilliseconds: 10_000 });
    const stream = new FakeStream(delivery);
    stream.request(CLUSTER);
    stream.take();
    stream.request(LISTENER, { initialVersions: new Map([["l", "earlier"]]) });
    stream.request(SCOPED_ROUTE_CONFIGURATION, { initialVersions: new Map([["s/a", "earlier"]]) });
    deepEqual(lines(stream.ackAll()), ["ScopedRouteConfiguration ~"]);
    clock.advance(9_999);
    deepEqual(stream.take(), []);
    clock.advance(1);
    equal(summary(stream.takeOne()), "Listener l");
  });

  test("the first answer waits until it is complete, so that Envoy never serves a part of its routes", () => {
    const { delivery } = fixture([...shop, scope("s/b", [])]);
    const stream = new FakeStream(delivery);
    stream.request(CLUSTER);
    stream.ackAll();
    stream.request(CLUSTER_LOAD_ASSIGNMENT, { subscribe: ["a"] });
    const assignment = stream.takeOne();
    stream.request(SCOPED_ROUTE_CONFIGURATION);
    deepEqual(stream.take(), []);
    stream.ack(assignment);
    equal(summary(stream.takeOne()), "ScopedRouteConfiguration s/a s/b");
  });

  test("the first answer does not wait for ever", () => {
    const { delivery, clock } = fixture([...shop, scope("s/b", [])], { firstAnswerMilliseconds: 3_000 });
    const stream = new FakeStream(delivery);
    stream.request(CLUSTER);
    stream.take();
    stream.request(SCOPED_ROUTE_CONFIGURATION);
    clock.advance(2_999);
    deepEqual(stream.take(), []);
    clock.advance(1);
    equal(summary(stream.takeOne()), "ScopedRouteConfiguration s/b");
  });
});
