import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { entriesOf, lenient } from "./fixtures.ts";
import { Graph } from "./graph.ts";

describe("deriveMany", () => {
  test("of two parents the lower wins, and the other takes over", () => {
    const graph = new Graph();
    const routes = graph.input<readonly string[]>("routes");
    const owners = graph.deriveMany("owners", routes, (hosts, key) => hosts.map((host) => [host, key] as const));
    routes.set("b", ["x", "y"]);
    routes.set("c", ["x"]);
    deepEqual(entriesOf(owners), { x: "b", y: "b" });
    routes.set("a", ["x"]);
    deepEqual(entriesOf(owners), { x: "a", y: "b" });
    routes.delete("a");
    deepEqual(entriesOf(owners), { x: "b", y: "b" });
    routes.set("b", ["y"]);
    deepEqual(entriesOf(owners), { x: "c", y: "b" });
  });

  test("a loser's change is nobody's business", () => {
    const graph = new Graph();
    const source = graph.input<number>("source");
    const out = graph.deriveMany("out", source, (n) => [["x", n]]);
    source.set("a", 1);
    let calls = 0;
    out.subscribe(() => (calls += 1));
    source.set("b", 2);
    source.set("b", 3);
    source.delete("b");
    equal(calls, 0);
  });

  test("an equal successor is no change", () => {
    const graph = new Graph();
    const source = graph.input<number>("source");
    const out = graph.deriveMany("out", source, () => [["x", { same: true }]]);
    source.set("a", 1);
    source.set("b", 1);
    let calls = 0;
    out.subscribe(() => (calls += 1));
    source.delete("a");
    equal(calls, 0);
  });

  test("of a key that one parent produces twice, the first counts", () => {
    const graph = new Graph();
    const source = graph.input<number>("source");
    const out = graph.deriveMany("out", source, (n) => [
      ["x", n],
      ["x", n + 1],
    ]);
    source.set("a", 1);
    deepEqual(entriesOf(out), { x: 1 });
  });

  test("a generator that throws midway yields nothing, and runs again when what it fetched changes", () => {
    const { graph, errors } = lenient();
    const limits = graph.input<number>("limits");
    const source = graph.input<number>("source");
    const out = graph.deriveMany("out", source, function* (n, key, { fetch }) {
      yield [`${key}1`, n] as const;
      if (n > (fetch(limits, "limit") ?? 0)) throw new Error("too many");
      yield [`${key}2`, n] as const;
    });
    source.set("a", 5);
    deepEqual(entriesOf(out), {});
    limits.set("limit", 9);
    deepEqual(entriesOf(out), { a1: 5, a2: 5 });
    deepEqual(errors, ['"out" for key "a": too many']);
  });
});
