import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import type { Collection } from "./collection.ts";
import { entriesOf, runsOf } from "./fixtures.ts";
import { Graph } from "./graph.ts";

describe("derive", () => {
  test("an absent output takes the key away", () => {
    const graph = new Graph();
    const numbers = graph.input<number>("numbers");
    const even = graph.derive("even", numbers, (n) => (n % 2 === 0 ? n : undefined));
    numbers.set("a", 2);
    deepEqual(entriesOf(even), { a: 2 });
    numbers.set("a", 3);
    deepEqual(entriesOf(even), {});
  });

  test("runs only for the keys that changed, and for those that fetched what changed", () => {
    const graph = new Graph();
    const gateways = graph.input<number>("gateways");
    const routes = graph.input<string>("routes");
    graph.derive("resolved", routes, (gateway, _, { fetch }) => fetch(gateways, gateway));
    graph.transaction(() => {
      for (let n = 0; n < 100; n += 1) routes.set(`r${n}`, `g${n % 10}`);
    });
    equal(runsOf(graph, "resolved"), 100);
    routes.set("r1", "g2");
    equal(runsOf(graph, "resolved"), 101);
    gateways.set("g3", 1);
    equal(runsOf(graph, "resolved"), 111);
    gateways.set("nobody's", 1);
    equal(runsOf(graph, "resolved"), 111);
  });

  test("forgets what it no longer fetches", () => {
    const graph = new Graph();
    const flags = graph.input<boolean>("flags");
    const details = graph.input<string>("details");
    const out = graph.derive("out", flags, (flag, key, { fetch }) => (flag ? fetch(details, key) : "off"));
    flags.set("a", true);
    details.set("a", "x");
    deepEqual(entriesOf(out), { a: "x" });
    flags.set("a", false);
    const runs = runsOf(graph, "out");
    details.set("a", "y");
    equal(runsOf(graph, "out"), runs);
    equal(graph.dump().at(-1)?.dependencies, 0);
    flags.set("a", true);
    deepEqual(entriesOf(out), { a: "y" });
  });

  test("remembers a look-up once, however often it is made", () => {
    const graph = new Graph();
    const details = graph.input<number>("details");
    const source = graph.input<number>("source");
    graph.derive("out", source, (n, _, { fetch }) => Array.from({ length: n }, () => fetch(details, "x")).length);
    source.set("a", 50);
    source.set("b", 50);
    equal(graph.dump().at(-1)?.dependencies, 2);
  });

  test("an equal output stops there", () => {
    const graph = new Graph();
    const numbers = graph.input<number>("numbers");
    const parity = graph.derive("parity", numbers, (n) => ({ odd: n % 2 === 1 }));
    graph.derive("label", parity, ({ odd }) => (odd ? "odd" : "even"));
    numbers.set("a", 1);
    numbers.set("a", 3);
    equal(runsOf(graph, "parity"), 2);
    equal(runsOf(graph, "label"), 1);
  });

  test("takes an equality of one's own", () => {
    const graph = new Graph();
    const objects = graph.input<{ version: number; text: string }>("objects", {
      equals: (a, b) => a.version === b.version,
    });
    const texts = graph.derive("texts", objects, ({ text }) => text);
    objects.set("a", { version: 1, text: "x" });
    objects.set("a", { version: 1, text: "y" });
    deepEqual(entriesOf(texts), { a: "x" });
    objects.set("a", { version: 2, text: "y" });
    deepEqual(entriesOf(texts), { a: "y" });
  });

  test("takes null for a value", () => {
    const graph = new Graph();
    const source = graph.input<null>("source");
    const out = graph.derive("out", source, (value) => value);
    source.set("a", null);
    deepEqual(entriesOf(out), { a: null });
  });
});

describe("a diamond", () => {
  test("runs once, after both of its sides", () => {
    const graph = new Graph();
    const source = graph.input<number>("source");
    const left = graph.derive("left", source, (n) => n + 1);
    const right = graph.derive("right", source, (n) => n * 10);
    const seen: unknown[] = [];
    const sum = graph.derive("sum", left, (l, key, { fetch }) => {
      const r = fetch(right, key);
      seen.push([l, r]);
      return l + (r ?? 0);
    });
    source.set("a", 1);
    source.set("a", 2);
    deepEqual(seen, [
      [2, 10],
      [3, 20],
    ]);
    deepEqual(entriesOf(sum), { a: 23 });
  });

  test("with arms of unequal length runs once too", () => {
    const graph = new Graph();
    const source = graph.input<number>("source");
    let long: Collection<number> = source;
    for (let n = 0; n < 5; n += 1) long = graph.derive(`step ${n}`, long, (value) => value + 1);
    const end = graph.derive("end", source, (value, key, { fetch }) => [value, fetch(long, key)]);
    source.set("a", 0);
    source.set("a", 10);
    deepEqual(entriesOf(end), { a: [10, 15] });
    equal(runsOf(graph, "end"), 2);
  });
});

describe("derive under other keys", () => {
  const pairs = (from?: (renamed: string) => string) => {
    const graph = new Graph();
    const names = graph.input<number>("names");
    const values = graph.input<string>("values");
    const of = (key: string) => `name/${key}`;
    const out = graph.derive("out", names, (_, key, { fetch }) => fetch(values, `name/${key}`), {
      renamed: { of, ...(from === undefined ? {} : { from }) },
    });
    return { graph, names, values, out };
  };

  for (const [how, from] of [
    ["that can be led back", (renamed: string) => renamed.slice("name/".length)],
    ["that can't", undefined],
  ] as const) {
    test(`runs when what it looked up under its new key changes, and for nobody else, with keys ${how}`, () => {
      const { graph, names, values, out } = pairs(from);
      names.set("a", 1);
      names.set("b", 1);
      equal(runsOf(graph, "out"), 2);
      values.set("name/a", "one");
      equal(runsOf(graph, "out"), 3);
      values.set("name/c", "nobody's");
      values.set("a", "nobody's");
      equal(runsOf(graph, "out"), 3);
      deepEqual(entriesOf(out), { "name/a": "one" });
      names.delete("a");
      deepEqual(entriesOf(out), {});
      const runs = runsOf(graph, "out");
      values.set("name/a", "two");
      equal(runsOf(graph, "out"), runs);
    });
  }
});
