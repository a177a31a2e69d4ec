import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { hostTableResource } from "../envoy/host-table.ts";
import { defaultOptions } from "../envoy/options.ts";
import { forward, origin, prefix, rule, table, to } from "../envoy/testing/ir.ts";
import type { ExternalAuth, Rule } from "../ir/rule.ts";
import type { Contained } from "./containment.ts";
import { FakeStream, type Received } from "./testing/fake-stream.ts";
import { fixture, PROXY } from "./testing/fixture.ts";
import { SCOPED_ROUTE_CONFIGURATION } from "./type-url.ts";

const poisoned = (path: string): Rule => good(path, "poison");
const good = (path: string, value = "fine"): Rule =>
  rule({
    match: prefix(path),
    action: forward([to("one")]),
    responseHeaders: { set: [{ name: "x", value }], add: [], remove: [] },
  });
const tableOf = (rules: readonly Rule[], authorizations: readonly ExternalAuth[] = []) => ({
  ...hostTableResource({ ...table("a.example.com", rules), proxy: PROXY, authorizations }, defaultOptions),
});
const isBad = ({ resources }: Received): boolean => resources.some(({ value }) => value.includes("poison"));

/** Streams that answer as Envoys would, in turns, until nothing more comes. Returns what was sent. */
function answer(streams: readonly FakeStream[]): readonly Received[] {
  const all: Received[] = [];
  for (let more = true; more; ) {
    more = false;
    for (const stream of streams) {
      for (const response of stream.take()) {
        more = true;
        all.push(response);
        if (isBad(response)) stream.nack(response, "no good");
        else stream.ack(response);
      }
    }
  }
  return all;
}

function connect(count: number) {
  const events: (string | Contained)[] = [];
  const made = fixture([], {
    knows: () => true,
    observer: {
      rejected: ({ name }) => events.push(`rejected ${name}`),
      contained: (event) => events.push(event),
      accepted: ({ name }) => events.push(`accepted ${name}`),
    },
  });
  const open = (): FakeStream => {
    const stream = new FakeStream(made.delivery);
    stream.request(SCOPED_ROUTE_CONFIGURATION);
    return stream;
  };
  const streams = Array.from({ length: count }, open);
  answer(streams);
  return { ...made, events, open, streams };
}

const name = "http-80/a.example.com";

describe("several Envoys of one proxy that refuse the same", () => {
  test("it is looked for once, all get the same, and one that comes later gets nothing bad", () => {
    const { apply, events, open, streams, delivery } = connect(3);
    apply({ set: [tableOf([good("/1"), poisoned("/2"), good("/3"), good("/4")])] });
    answer(streams);
    equal(events.length, 2);
    equal(events[0], `rejected ${name}`);
    const [, contained] = events;
    deepEqual(typeof contained === "object" && contained.parts.map(({ message, dropped }) => ({ message, dropped })), [
      { message: "no good", dropped: false },
    ]);
    equal(delivery.status(PROXY).settled, true);
    const late = open();
    equal(answer([late]).some(isBad), false);
    for (const stream of streams) stream.close("test");
    late.close("test");
    equal(answer([open()]).some(isBad), false, "nor does one that comes when all others are gone");
    apply({ set: [tableOf([good("/1")])] });
  });

  test("an Envoy that leaves while it is looked for is not waited for", () => {
    const { apply, events, open, streams } = connect(2);
    const [first, second] = streams;
    apply({ set: [tableOf([good("/1"), poisoned("/2")])] });
    for (const response of first?.take() ?? []) first?.nack(response, "no good");
    second?.close("test");
    answer(streams.slice(0, 1));
    equal(events.length, 2);
    first?.close("test");
    apply({ set: [tableOf([good("/1"), poisoned("/2"), good("/3")])] });
    equal(answer([open()]).some(isBad), false);
  });

  test("what those that are connected have taken, one that had to wait may refuse: all get it without that part", () => {
    const { apply, events, open, streams, delivery } = connect(1);
    apply({ set: [tableOf([good("/1"), poisoned("/2")])] });
    for (const stream of streams) stream.ackAll();
    equal(delivery.isAcknowledged(`${PROXY}|${SCOPED_ROUTE_CONFIGURATION}|${name}`), true);
    deepEqual(events, []);
    const late = open();
    for (const response of late.take()) late.nack(response, "no good");
    answer([...streams, late]);
    equal(events[0], `rejected ${name}`);
    equal(typeof events[1], "object");
    equal(answer([open()]).some(isBad), false);
    equal(delivery.isAcknowledged(`${PROXY}|${SCOPED_ROUTE_CONFIGURATION}|${name}`), true);
  });

  test("what holds the rules together is refused: all is answered with 500", () => {
    const { apply, events, streams } = connect(1);
    const auth: ExternalAuth = { protocol: "GRPC", cluster: "poison", requestHeaders: [], responseHeaders: [], origin };
    apply({ set: [tableOf([good("/1"), good("/2")], [auth])] });
    const last = answer(streams).findLast(({ resources }) => resources.some((one) => one.name === name));
    equal(last?.resources[0]?.value.includes("refused_by_envoy"), true);
    const contained = events.at(-1);
    equal(typeof contained === "object" && contained.whole, "no good");
  });

  test("when all are gone, it is over as soon as it is written otherwise", () => {
    const { apply, events, streams, open } = connect(1);
    apply({ set: [tableOf([good("/1"), poisoned("/2")])] });
    answer(streams);
    for (const stream of streams) stream.close("connects to another replica");
    apply({ set: [tableOf([good("/1"), poisoned("/2"), good("/3")])] });
    equal(typeof events.at(-1), "object", "that part is the same");
    apply({ set: [tableOf([good("/1"), good("/2")])] });
    equal(events.at(-1), `accepted ${name}`);
    equal(answer([open()]).some(isBad), false);
  });

  test("what is refused goes, and nothing of it is left", () => {
    const { apply, events, streams, delivery } = connect(1);
    const bad = tableOf([poisoned("/1")]);
    apply({ set: [bad] });
    answer(streams);
    apply({ remove: [bad] });
    answer(streams);
    equal(events.at(-1), `accepted ${name}`);
    deepEqual(
      delivery.snapshot().flatMap(({ types }) => types.map(({ acknowledged, rejected }) => [acknowledged, rejected])),
      [[0, []]],
    );
  });
});
