import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { entriesOf } from "./fixtures.ts";
import { Graph } from "./graph.ts";

describe("group and count", () => {
  test("a value may be in many groups, named any number of times", () => {
    const graph = new Graph();
    const source = graph.input<readonly string[]>("source");
    const groups = graph.group("groups", source, (tags) => tags);
    const counts = graph.count("counts", source, (tags) => tags);
    source.set("2", ["x", "y", "x"]);
    source.set("1", ["x"]);
    deepEqual(
      groups.get("x")?.map(({ key }) => key),
      ["1", "2"],
    );
    deepEqual(entriesOf(counts), { x: 2, y: 1 });
    source.set("2", ["z"]);
    deepEqual(Object.keys(entriesOf(groups)).sort(), ["x", "z"]);
    deepEqual(entriesOf(counts), { x: 1, z: 1 });
  });

  test("a count does not change with its members' values", () => {
    const graph = new Graph();
    const source = graph.input<number>("source");
    const counts = graph.count("counts", source, () => ["all"]);
    source.set("a", 1);
    let calls = 0;
    counts.subscribe(() => (calls += 1));
    source.set("a", 2);
    graph.transaction(() => {
      source.delete("a");
      source.set("b", 1);
    });
    equal(calls, 0);
  });

  test("a large group is built once for a transaction", () => {
    const graph = new Graph();
    const source = graph.input<number>("source");
    const groups = graph.group("groups", source, () => ["all"]);
    const lists: number[] = [];
    groups.subscribe((changes) => lists.push(...changes.map(({ after }) => after?.length ?? 0)));
    graph.transaction(() => {
      for (let n = 0; n < 1000; n += 1) source.set(`${n}`, n);
    });
    graph.transaction(() => {
      for (let n = 0; n < 1000; n += 2) source.delete(`${n}`);
    });
    deepEqual(lists, [1000, 500]);
    const keys = groups.get("all")?.map(({ key }) => key) ?? [];
    deepEqual(keys, keys.toSorted());
  });
});
