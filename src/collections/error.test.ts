import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { describe, test } from "node:test";
import { CollectionError } from "./error.ts";
import { entriesOf, lenient } from "./fixtures.ts";
import { Graph } from "./graph.ts";

function positive(n: number): readonly string[] {
  if (n < 0) throw new Error("negative");
  return ["all"];
}

describe("a function that throws", () => {
  test("takes away its own output only, and the transaction completes before it is thrown", () => {
    const graph = new Graph();
    const source = graph.input<number>("source");
    const out = graph.derive("out", source, (n) => {
      if (n < 0) throw new RangeError("negative");
      return n;
    });
    source.set("b", 1);
    const write = () =>
      graph.transaction(() => {
        source.set("a", 1);
        source.set("b", -1);
        source.set("c", 3);
      });
    throws(write, (error) => {
      ok(error instanceof CollectionError);
      deepEqual([error.collection, error.key, error.message], ["out", "b", '"out" for key "b": negative']);
      return error.cause instanceof RangeError;
    });
    deepEqual(entriesOf(source), { a: 1, b: -1, c: 3 });
    deepEqual(entriesOf(out), { a: 1, c: 3 });
    source.set("b", 2);
    deepEqual(entriesOf(out), { a: 1, b: 2, c: 3 });
  });

  test("is thrown together with the others", () => {
    const graph = new Graph();
    const source = graph.input<number>("source");
    graph.derive("out", source, () => {
      throw new Error("always");
    });
    const write = () =>
      graph.transaction(() => {
        for (const key of ["a", "b"]) source.set(key, 1);
      });
    throws(write, (error) => error instanceof AggregateError && error.errors.length === 2);
  });

  test("goes to onError, after the subscribers and before the observers of commits", () => {
    const log: string[] = [];
    const graph = new Graph({ onError: (error) => log.push(error.message) });
    const source = graph.input<number>("source");
    graph.derive("out", source, () => {
      throw new Error("always");
    });
    source.subscribe(() => log.push("subscriber"));
    graph.onCommit(() => log.push("commit"));
    source.set("a", 1);
    deepEqual(log, ["subscriber", '"out" for key "a": always', "commit"]);
  });

  test("runs again when what it fetched before it threw changes", () => {
    const { graph, errors } = lenient();
    const details = graph.input<number>("details");
    const source = graph.input<number>("source");
    const out = graph.derive("out", source, (_, key, { fetch }) => {
      const detail = fetch(details, key);
      if (detail === undefined) throw new Error("no detail");
      return detail;
    });
    source.set("a", 1);
    equal(errors.length, 1);
    details.set("a", 7);
    deepEqual(entriesOf(out), { a: 7 });
    equal(errors.length, 1);
  });

  test("in by, leaves the member out of all groups", () => {
    const { graph, errors } = lenient();
    const source = graph.input<number>("source");
    const groups = graph.group("groups", source, positive);
    const counts = graph.count("counts", source, positive);
    source.set("a", 1);
    source.set("a", -1);
    deepEqual([entriesOf(groups), entriesOf(counts)], [{}, {}]);
    equal(errors.length, 2);
  });

  test("in equals, counts as a change", () => {
    const { graph, errors } = lenient();
    const source = graph.input<number>("source", {
      equals: () => {
        throw new Error("unequal");
      },
    });
    source.set("a", 1);
    source.set("a", 2);
    deepEqual(entriesOf(source), { a: 2 });
    deepEqual(errors, ['"source" for key "a": unequal']);
  });

  test("in creation, without onError, leaves no collection behind", () => {
    const graph = new Graph();
    const details = graph.input<number>("details");
    const source = graph.input<number>("source");
    source.set("a", 1);
    let runs = 0;
    const create = () =>
      graph.derive("out", source, (_, key, { fetch }) => {
        runs += 1;
        if (fetch(details, key) === undefined) throw new Error("no detail");
        return 1;
      });
    throws(create, /"out" for key "a": no detail/);
    deepEqual(
      graph.dump().map(({ name }) => name),
      ["details", "source"],
    );
    details.set("a", 1);
    equal(runs, 1);
    deepEqual(entriesOf(create()), { a: 1 });
  });

  test("is not forgotten when a subscriber creates a collection meanwhile", () => {
    const { graph, errors } = lenient();
    const source = graph.input<number>("source");
    graph.derive("out", source, () => {
      throw new Error("always");
    });
    source.subscribe(() => graph.derive("new", source, (n) => n));
    source.set("a", 1);
    deepEqual(errors, ['"out" for key "a": always']);
  });

  test("as an observer of commits, keeps no other from being called", () => {
    const { graph, errors } = lenient();
    const source = graph.input<number>("source");
    let commits = 0;
    graph.onCommit(() => {
      throw new Error("no");
    });
    graph.onCommit(() => (commits += 1));
    source.set("a", 1);
    equal(commits, 1);
    deepEqual(errors, ["observer of commits: no"]);
  });
});
