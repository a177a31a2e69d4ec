import { deepEqual, equal, throws } from "node:assert/strict";
import { describe, test } from "node:test";
import { entriesOf } from "./fixtures.ts";
import { Graph } from "./graph.ts";

describe("transaction", () => {
  test("returns what its function returns", () => {
    equal(
      new Graph().transaction(() => 42),
      42,
    );
  });

  test("a nested one is part of the outer one", () => {
    const graph = new Graph();
    const source = graph.input<number>("source");
    let commits = 0;
    graph.onCommit(() => (commits += 1));
    graph.transaction(() => {
      source.set("a", 1);
      graph.transaction(() => source.set("b", 1));
      equal(source.size, 0);
    });
    equal(commits, 1);
    deepEqual(entriesOf(source), { a: 1, b: 1 });
  });

  test("a nested one that throws takes back its own writes only", () => {
    const graph = new Graph();
    const source = graph.input<number>("source");
    graph.transaction(() => {
      source.set("a", 1);
      const nested = () =>
        graph.transaction(() => {
          source.set("a", 2);
          source.set("b", 2);
          throw new Error("no");
        });
      throws(nested, /no/);
      source.set("c", 3);
    });
    deepEqual(entriesOf(source), { a: 1, c: 3 });
  });

  test("observers of commits come after all subscribers, and only when something changed", () => {
    const graph = new Graph();
    const source = graph.input<number>("source");
    const out = graph.derive("out", source, (n) => n);
    const log: string[] = [];
    const end = graph.onCommit(() => log.push("commit"));
    out.subscribe(() => log.push("out"));
    source.subscribe(() => log.push("source"));
    source.set("a", 1);
    source.set("a", 1);
    graph.transaction(() => {});
    deepEqual(log, ["source", "out", "commit"]);
    end();
    source.set("a", 2);
    deepEqual(log.slice(3), ["source", "out"]);
  });

  test("calls no observer of commits that another one has ended", () => {
    const graph = new Graph();
    const source = graph.input<number>("source");
    let late = 0;
    graph.onCommit(() => end());
    const end = graph.onCommit(() => (late += 1));
    source.set("a", 1);
    equal(late, 0);
  });

  test("those begun by subscribers follow one after the other", () => {
    const graph = new Graph();
    const source = graph.input<number>("source");
    const log: string[] = [];
    source.subscribe((changes) => {
      log.push(changes.map(({ key }) => key).join());
      if (log.length > 1) return;
      source.set("b", 1);
      graph.transaction(() => {
        for (const key of ["c", "d"]) source.set(key, 1);
      });
    });
    graph.onCommit(() => log.push("commit"));
    source.set("a", 1);
    deepEqual(log, ["a", "commit", "b", "commit", "c,d", "commit"]);
  });

  test("a collection created inside starts without its writes, and then gets them", () => {
    const graph = new Graph();
    const source = graph.input<number>("source");
    source.set("a", 1);
    const out = graph.transaction(() => {
      source.set("a", 2);
      const created = graph.derive("out", source, (n) => n);
      deepEqual(entriesOf(created), { a: 1 });
      return created;
    });
    deepEqual(entriesOf(out), { a: 2 });
  });
});
