import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import type { EnvoyResource } from "../envoy/resource.ts";
import type { RejectionEvent } from "./observer.ts";
import { split } from "./suspects.ts";
import { FakeStream, type Received, summary } from "./testing/fake-stream.ts";
import { cluster, endpoints, fixture, listener, PROXY, scope } from "./testing/fixture.ts";
import { CLUSTER, CLUSTER_LOAD_ASSIGNMENT, LISTENER, SCOPED_ROUTE_CONFIGURATION } from "./type-url.ts";

const isBad = (response: Received): boolean => response.resources.some(({ value }) => value.includes('"bad":true'));

/** Answers as Envoy would until nothing more comes. Returns what was taken and how many responses it took. */
function answer(
  stream: FakeStream,
  message = "no good",
): { readonly taken: readonly string[]; readonly rounds: number } {
  const taken: string[] = [];
  let rounds = 0;
  for (let received = stream.take(); received.length > 0; received = stream.take()) {
    for (const response of received) {
      rounds += 1;
      if (isBad(response)) stream.nack(response, message);
      else {
        taken.push(...response.resources.map(({ name }) => name), ...response.removed.map((name) => `-${name}`));
        stream.ack(response);
      }
    }
  }
  return { taken, rounds };
}

function observed(initial: readonly EnvoyResource[]) {
  const rejected: RejectionEvent[] = [];
  const accepted: string[] = [];
  const made = fixture(initial, {
    knows: () => true,
    observer: { rejected: (event) => rejected.push(event), accepted: ({ name }) => accepted.push(name) },
  });
  return { ...made, rejected, accepted };
}

const numbered = (count: number, bad: readonly number[]): readonly EnvoyResource[] =>
  Array.from({ length: count }, (_, index) => scope(`s/${index}`, [], bad.includes(index) ? { bad: true } : {}));

describe("a refused response", () => {
  test("one bad scope among a hundred is found, and the others are delivered", () => {
    const { delivery, apply, rejected } = observed([]);
    const stream = new FakeStream(delivery);
    stream.request(SCOPED_ROUTE_CONFIGURATION);
    stream.ackAll();
    const scopes = numbered(100, [37]);
    apply({ set: scopes });
    const { taken, rounds } = answer(stream, "missing ]: [");
    equal(taken.length, 99);
    equal(rounds <= 15, true, `${rounds} rounds`);
    const version = scopes[37]?.version;
    deepEqual(rejected, [
      { proxy: PROXY, typeUrl: SCOPED_ROUTE_CONFIGURATION, name: "s/37", version, message: "missing ]: [" },
    ]);
    equal(delivery.isAcknowledged(`${PROXY}|${SCOPED_ROUTE_CONFIGURATION}|s/36`), true);
    equal(delivery.isAcknowledged(`${PROXY}|${SCOPED_ROUTE_CONFIGURATION}|s/37`), false);
    deepEqual(
      scopes.map((one) => delivery.rejection(one)).filter((message) => message !== undefined),
      ["missing ]: ["],
    );
  });

  test("one that the message names is found in two rounds more", () => {
    const { delivery, apply } = observed([]);
    const stream = new FakeStream(delivery);
    stream.request(LISTENER);
    stream.ackAll();
    apply({ set: Array.from({ length: 100 }, (_, index) => listener(`l-${index}-`, { bad: index === 64 })) });
    equal(answer(stream, "Error adding/updating listener(s) l-64-: no").rounds, 3);
  });

  test("several bad ones are all found, in the first answer too", () => {
    const { delivery, rejected } = observed(numbered(64, [0, 1, 31, 63]));
    const stream = new FakeStream(delivery);
    stream.request(SCOPED_ROUTE_CONFIGURATION);
    equal(answer(stream).taken.length, 60);
    deepEqual(rejected.map(({ name }) => name).sort(), ["s/0", "s/1", "s/31", "s/63"]);
    equal(stream.session.isAcknowledged(SCOPED_ROUTE_CONFIGURATION, "s/2"), true);
  });

  test("removals in it are made all the same", () => {
    const { delivery, apply } = observed(numbered(4, []));
    const stream = new FakeStream(delivery);
    stream.request(SCOPED_ROUTE_CONFIGURATION);
    stream.ackAll();
    apply({ set: [scope("s/0", [], { bad: true })], remove: numbered(4, []).slice(2) });
    deepEqual(answer(stream).taken.toSorted(), ["-s/2", "-s/3"]);
  });

  test("a rejected version is never sent again, another one is", () => {
    const { delivery, apply, accepted } = observed([scope("s/a", [])]);
    const stream = new FakeStream(delivery);
    stream.request(SCOPED_ROUTE_CONFIGURATION);
    stream.ackAll();
    apply({ set: [scope("s/a", [], { bad: true })] });
    equal(answer(stream).rounds, 1);
    apply({ set: [scope("s/a", [], { bad: true }), scope("s/b", [])] });
    deepEqual(answer(stream), { taken: ["s/b"], rounds: 1 });
    apply({ set: [scope("s/a", [], { note: 2 })] });
    deepEqual(accepted, []);
    deepEqual(answer(stream), { taken: ["s/a"], rounds: 1 });
    deepEqual(accepted, ["s/a"]);
  });

  test("what is changed while no Envoy is connected is refused no more: whoever gets it may be connected elsewhere", () => {
    const { delivery, apply, accepted } = observed([scope("s/a", [])]);
    const stream = new FakeStream(delivery);
    stream.request(SCOPED_ROUTE_CONFIGURATION);
    stream.ackAll();
    apply({ set: [scope("s/a", [], { bad: true })] });
    answer(stream);
    stream.close("connects to another replica");
    apply({ set: [scope("s/b", [])] });
    deepEqual(accepted, []);
    apply({ set: [scope("s/a", [], { note: 2 })] });
    deepEqual(accepted, ["s/a"]);
  });

  test("back at the last good version, Envoy already has it", () => {
    const { delivery, apply, accepted } = observed([scope("s/a", [])]);
    const stream = new FakeStream(delivery);
    stream.request(SCOPED_ROUTE_CONFIGURATION);
    stream.ackAll();
    apply({ set: [scope("s/a", [], { bad: true })] });
    answer(stream);
    equal(stream.session.isAcknowledged(SCOPED_ROUTE_CONFIGURATION, "s/a"), false);
    apply({ set: [scope("s/a", [])] });
    deepEqual(stream.take(), []);
    deepEqual(accepted, ["s/a"]);
    equal(stream.session.isAcknowledged(SCOPED_ROUTE_CONFIGURATION, "s/a"), true);
  });

  test("a listener that a refused response may have changed is sent again, even back at its old version", () => {
    const { delivery, apply } = observed([listener("a"), listener("b")]);
    const stream = new FakeStream(delivery);
    stream.request(LISTENER);
    stream.ackAll();
    apply({ set: [listener("a", { note: 2 }), listener("b", { bad: true })] });
    const refused = stream.takeOne();
    apply({ set: [listener("a"), listener("b")] });
    stream.nack(refused, "no good");
    deepEqual(answer(stream).taken.toSorted(), ["a", "b"]);
  });

  test("a rejected resource goes when it is removed", () => {
    const { delivery, apply, accepted } = observed([scope("s/a", [])]);
    const stream = new FakeStream(delivery);
    stream.request(SCOPED_ROUTE_CONFIGURATION);
    stream.ackAll();
    apply({ set: [scope("s/a", [], { bad: true })] });
    answer(stream);
    apply({ remove: [scope("s/a", [])] });
    deepEqual(answer(stream).taken, ["-s/a"]);
    deepEqual(accepted, ["s/a"]);
  });

  test("a listener is tried again from time to time: its port may be free by then", () => {
    const { delivery, apply, accepted, rejected, clock } = observed([]);
    const stream = new FakeStream(delivery);
    stream.request(LISTENER);
    stream.ackAll();
    apply({ set: [listener("a")] });
    for (let time = 0; time < 3; time += 1) {
      stream.nack(stream.takeOne(), "Address already in use");
      clock.advance(29_000);
      deepEqual(stream.take(), []);
      clock.advance(1_000);
    }
    stream.ack(stream.takeOne());
    deepEqual([rejected.length, accepted], [1, ["a"]]);
    equal(stream.session.isAcknowledged(LISTENER, "a"), true);
    clock.advance(60_000);
    deepEqual(stream.take(), []);
  });

  test("what names a rejected cluster does not wait for it", () => {
    const { delivery, apply } = observed([]);
    const stream = new FakeStream(delivery);
    stream.request(CLUSTER);
    stream.request(SCOPED_ROUTE_CONFIGURATION);
    stream.ackAll();
    apply({ set: [cluster("x", { bad: true }), scope("s/a", ["x"])] });
    deepEqual(answer(stream), { taken: ["s/a"], rounds: 2 });
  });

  test("a cluster that was refused in its new version is warm in the old one, and is kept while it is named", () => {
    const { delivery, apply, clock } = observed([cluster("a"), endpoints("a")]);
    const stream = new FakeStream(delivery);
    stream.request(CLUSTER);
    stream.request(CLUSTER_LOAD_ASSIGNMENT, { subscribe: ["a"] });
    stream.request(SCOPED_ROUTE_CONFIGURATION);
    stream.ackAll();
    apply({ set: [cluster("a", { bad: true }), scope("s/a", ["a"])] });
    // The endpoints go along with the new version; nobody knows yet that it is bad.
    deepEqual(answer(stream).taken.toSorted(), ["a", "s/a"]);
    apply({ remove: [cluster("a")] });
    clock.advance(60_000);
    deepEqual(stream.take(), []);
    apply({ remove: [scope("s/a", ["a"])] });
    stream.ackAll();
    clock.advance(5_000);
    equal(summary(stream.takeOne()), "Cluster -a");
  });

  test("of several Envoys, the first tells of a rejection and the others are asked with care", () => {
    const { delivery, rejected } = observed(numbered(10, [3]));
    const first = new FakeStream(delivery);
    first.request(SCOPED_ROUTE_CONFIGURATION);
    answer(first);
    const second = new FakeStream(delivery);
    second.request(SCOPED_ROUTE_CONFIGURATION);
    // All others at once, and the doubtful one by itself.
    deepEqual(answer(second), {
      taken: numbered(10, [3]).flatMap(({ name }) => (name === "s/3" ? [] : [name])),
      rounds: 2,
    });
    equal(rejected.length, 1);
    first.close("test");
    second.close("test");
    const third = new FakeStream(delivery);
    third.request(SCOPED_ROUTE_CONFIGURATION);
    equal(answer(third).rounds, 2);
    equal(rejected.length, 1);
  });

  test("while suspects are sorted out, other changes are not held up", () => {
    const { delivery, apply } = observed([]);
    const stream = new FakeStream(delivery);
    stream.request(SCOPED_ROUTE_CONFIGURATION);
    stream.ackAll();
    apply({ set: numbered(64, [5]) });
    stream.nack(stream.takeOne(), "no good");
    apply({ set: [scope("t", [])] });
    const group = stream.takeOne();
    equal(group.resources.length, 32);
    if (isBad(group)) stream.nack(group, "no good");
    else stream.ack(group);
    equal(summary(stream.takeOne()), "ScopedRouteConfiguration t");
  });
});

describe("split", () => {
  for (const [names, message, expected] of [
    [["a", "b", "c"], "no", [["a", "b"], ["c"]]],
    [["a1", "b2", "c3"], "b2 is bad", [["b2"], ["a1", "c3"]]],
    // Of names that are part of nearly every message, nothing follows.
    [["a", "b", "c"], "a bad cluster", [["a", "b"], ["c"]]],
    [["a", ""], "no", [["a"], [""]]],
  ] as const) {
    test(`${names.join(" ")}: ${message}`, () => deepEqual(split(names, message), expected));
  }
});
