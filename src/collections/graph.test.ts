import { deepEqual, equal, throws } from "node:assert/strict";
import { describe, test } from "node:test";
import type { Collection } from "./collection.ts";
import { Graph } from "./graph.ts";

describe("what is refused", () => {
  test("to fetch from a collection created later", () => {
    const graph = new Graph();
    const source = graph.input<number>("source");
    const later: Collection<number>[] = [];
    graph.derive("out", source, (_, key, { fetch }) => later.map((each) => fetch(each, key)));
    later.push(graph.input<number>("later"));
    throws(() => source.set("a", 1), /"out" may not fetch from "later", which was created later: create "later" first/);
  });

  test("to fetch from oneself", () => {
    const graph = new Graph();
    const source = graph.input<number>("source");
    const self: Collection<unknown>[] = [];
    self.push(graph.derive("out", source, (_, key, { fetch }) => self.map((each) => fetch(each, key))));
    throws(() => source.set("a", 1), /"out" may not fetch from "out"/);
  });

  test("to fetch after the function has returned", () => {
    const graph = new Graph();
    const source = graph.input<number>("source");
    const kept: (() => unknown)[] = [];
    graph.derive("out", source, (_, key, { fetch }) => void kept.push(() => fetch(source, key)));
    source.set("a", 1);
    throws(() => kept[0]?.(), /"out" fetched after its function had returned/);
  });

  test("a collection of another graph", () => {
    const graph = new Graph();
    const foreign = new Graph().input<number>("foreign");
    throws(() => graph.derive("out", foreign, (n) => n), /"foreign" is of another graph/);
    deepEqual(graph.dump(), []);
  });

  test("two collections of one name", () => {
    const graph = new Graph();
    graph.input("routes");
    throws(() => graph.input("routes"), /there already is a collection "routes"/);
  });

  for (const [what, act] of [
    ["to write", (_: Graph, other: { set(key: string, value: number): void }) => other.set("a", 1)],
    ["to begin a transaction", (graph: Graph) => graph.transaction(() => {})],
    ["to create a collection", (graph: Graph) => graph.input("new")],
  ] as const)
    test(`${what} in a derivation`, () => {
      const graph = new Graph();
      const other = graph.input<number>("other");
      const source = graph.input<number>("source");
      graph.derive("out", source, () => void act(graph, other));
      throws(() => source.set("a", 1), /while a derivation runs: derivations are pure functions/);
      equal(other.size, 0);
    });

  test("an asynchronous transaction, none of which is applied", () => {
    const graph = new Graph();
    const source = graph.input<number>("source");
    throws(() => graph.transaction(() => Promise.resolve(source.set("a", 1))), /a transaction is synchronous/);
    equal(source.size, 0);
  });
});

test("dump names what each collection is made from, and what it has done", () => {
  const graph = new Graph();
  const a = graph.input<number>("a");
  const b = graph.input<number>("b");
  const both = graph.join("both", [a, b]);
  const out = graph.derive("out", both, (n, key, { fetch }) => n + (fetch(a, key) ?? 0));
  out.subscribe(() => {});
  b.set("x", 1);
  deepEqual(graph.dump(), [
    { name: "a", size: 0, parents: [], tracked: 0, dependencies: 0, subscribers: 0, runs: 0 },
    { name: "b", size: 1, parents: [], tracked: 0, dependencies: 0, subscribers: 0, runs: 0 },
    { name: "both", size: 1, parents: ["a", "b"], tracked: 0, dependencies: 0, subscribers: 0, runs: 0 },
    { name: "out", size: 1, parents: ["both"], tracked: 1, dependencies: 1, subscribers: 1, runs: 1 },
  ]);
});
