import { deepEqual, equal, throws } from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import type { Change, Collection } from "./collection.ts";
import { replay } from "./fixtures.ts";
import { Graph } from "./graph.ts";

/** An implementation of `Collection`, driven by numbers: `seed` stands for a value, and no seed for none. */
export interface Implementation<Value> {
  readonly name: string;
  /** Creates what the collection is made from, and says how to write to it and how to create the collection itself. */
  readonly build: (graph: Graph) => Rig<Value>;
  /** What the collection holds under a key that was written with `seed`, which is from 1 to 9. */
  readonly value: (key: string, seed: number) => Value;
}

export interface Rig<Value> {
  readonly write: (key: string, seed: number | undefined) => void;
  readonly create: () => Collection<Value>;
}

/** The behaviour that every collection has, whatever it is made from. */
export function conformance<Value>({ name, build, value }: Implementation<Value>): void {
  function rig() {
    const graph = new Graph();
    const { write, create } = build(graph);
    const collection = create();
    const calls: (readonly Change<Value>[])[] = [];
    const stop = collection.subscribe((changes) => calls.push(changes));
    return { graph, write, collection, calls, stop };
  }

  function change(key: string, before: number | undefined, after: number | undefined): Change<Value> {
    const at = (seed: number | undefined) => (seed === undefined ? undefined : value(key, seed));
    return { key, before: at(before), after: at(after) };
  }

  describe(`${name} conforms`, () => {
    test("is empty at first", () => {
      const { collection, calls } = rig();
      equal(collection.size, 0);
      equal(collection.get("a"), undefined);
      deepEqual([...collection.entries()], []);
      deepEqual(calls, []);
    });

    test("answers what was written", () => {
      const { write, collection } = rig();
      write("a", 1);
      write("b", 2);
      equal(collection.size, 2);
      deepEqual(collection.get("a"), value("a", 1));
      deepEqual(new Map(collection.entries()), new Map(["a", "b"].map((key, i) => [key, value(key, i + 1)])));
      write("a", undefined);
      equal(collection.get("a"), undefined);
      equal(collection.size, 1);
    });

    test("holds what was there before it was created", () => {
      const graph = new Graph();
      const { write, create } = build(graph);
      write("a", 1);
      write("b", 2);
      const collection = create();
      const calls: (readonly Change<Value>[])[] = [];
      collection.subscribe((changes) => calls.push(changes));
      deepEqual(collection.get("a"), value("a", 1));
      equal(collection.size, 2);
      write("b", 3);
      deepEqual(collection.get("b"), value("b", 3));
      deepEqual(calls, [[change("b", 2, 3)]]);
    });

    test("tells of an addition, a change and a removal", () => {
      const { write, calls } = rig();
      write("a", 1);
      write("a", 2);
      write("a", undefined);
      deepEqual(calls, [[change("a", undefined, 1)], [change("a", 1, 2)], [change("a", 2, undefined)]]);
    });

    test("tells of a transaction once, in key order", () => {
      const { graph, write, calls } = rig();
      write("b", 1);
      graph.transaction(() => {
        for (const key of ["c", "a", "B", "é"]) write(key, 2);
        write("b", undefined);
      });
      deepEqual(calls.slice(1), [
        [
          change("B", undefined, 2),
          change("a", undefined, 2),
          change("b", 1, undefined),
          change("c", undefined, 2),
          change("é", undefined, 2),
        ],
      ]);
    });

    test("tells of the last write to a key only", () => {
      const { graph, write, calls } = rig();
      graph.transaction(() => {
        write("a", 1);
        write("a", 2);
        write("a", 3);
      });
      deepEqual(calls, [[change("a", undefined, 3)]]);
    });

    test("keeps quiet when nothing changed in the end", () => {
      const { graph, write, calls } = rig();
      write("a", 1);
      calls.length = 0;
      write("a", 1);
      write("absent", undefined);
      graph.transaction(() => {
        write("a", 2);
        write("a", undefined);
        write("a", 1);
        write("b", 1);
        write("b", undefined);
      });
      deepEqual(calls, []);
    });

    test("keeps the value when an equal one takes its place", () => {
      const { write, collection } = rig();
      write("a", 1);
      const first = collection.get("a");
      write("a", 1);
      equal(collection.get("a"), first);
    });

    test("shows no transaction before it is complete", () => {
      const { graph, write, collection, calls } = rig();
      write("a", 1);
      graph.transaction(() => {
        write("a", 2);
        write("b", 2);
        deepEqual(collection.get("a"), value("a", 1));
        equal(collection.size, 1);
        equal(calls.length, 1);
      });
      deepEqual(collection.get("a"), value("a", 2));
    });

    test("shows a subscriber the state after the transaction", () => {
      const { graph, write, collection } = rig();
      const sizes: number[] = [];
      collection.subscribe((changes) => {
        sizes.push(collection.size);
        for (const { key, after } of changes) deepEqual(collection.get(key), after);
      });
      graph.transaction(() => {
        for (const key of ["a", "b", "c"]) write(key, 1);
      });
      graph.transaction(() => {
        for (const key of ["a", "b"]) write(key, undefined);
      });
      deepEqual(sizes, [3, 1]);
    });

    test("applies nothing of a transaction that throws", () => {
      const { graph, write, collection, calls } = rig();
      const failure = new Error("no");
      const attempt = () =>
        graph.transaction(() => {
          write("a", 1);
          throw failure;
        });
      throws(attempt, failure);
      equal(collection.size, 0);
      write("b", 1);
      deepEqual(calls, [[change("b", undefined, 1)]]);
    });

    test("calls no subscriber that has ended", () => {
      const { write, calls, stop, collection } = rig();
      let others = 0;
      collection.subscribe(() => (others += 1));
      stop();
      stop();
      write("a", 1);
      deepEqual(calls, []);
      equal(others, 1);
    });

    test("calls no subscriber that another one has ended in the same delivery", () => {
      const { write, collection } = rig();
      let late = 0;
      collection.subscribe(() => end());
      const end = collection.subscribe(() => (late += 1));
      write("a", 1);
      equal(late, 0);
    });

    test("calls a subscriber that comes during a delivery from the next transaction on", () => {
      const { write, collection } = rig();
      const calls: (readonly Change<Value>[])[] = [];
      let subscribed = false;
      collection.subscribe(() => {
        if (!subscribed) collection.subscribe((changes) => calls.push(changes));
        subscribed = true;
      });
      write("a", 1);
      deepEqual(calls, []);
      write("a", 2);
      deepEqual(calls, [[change("a", 1, 2)]]);
    });

    test("delivers what a subscriber writes after what it was told of", () => {
      const { write, collection } = rig();
      const log: string[] = [];
      collection.subscribe((changes) => {
        log.push(`first ${changes.map(({ key }) => key).join()}`);
        if (collection.get("b") === undefined) {
          write("b", 1);
          equal(collection.get("b"), undefined);
        }
      });
      collection.subscribe((changes) => log.push(`second ${changes.map(({ key }) => key).join()}`));
      write("a", 1);
      deepEqual(log, ["first a", "second a", "first b", "second b"]);
    });

    test("calls the other subscribers when one throws", () => {
      const { write, collection, calls } = rig();
      const failure = new Error("no");
      const stop = collection.subscribe(() => {
        throw failure;
      });
      const later: unknown[] = [];
      collection.subscribe((changes) => later.push(changes));
      throws(() => write("a", 1), { name: "CollectionError", cause: failure, collection: collection.name });
      stop();
      write("b", 1);
      deepEqual(later, calls);
      equal(calls.length, 2);
    });

    test("is followed by what fetches from it, present or absent", () => {
      const { graph, write, collection } = rig();
      const questions = graph.input<string>("questions");
      const answers = graph.derive("answers", questions, (key, _, { fetch }) => ({ answer: fetch(collection, key) }));
      questions.set("q", "a");
      deepEqual(answers.get("q"), { answer: undefined });
      write("a", 1);
      deepEqual(answers.get("q"), { answer: value("a", 1) });
      write("a", 2);
      deepEqual(answers.get("q"), { answer: value("a", 2) });
      write("a", undefined);
      deepEqual(answers.get("q"), { answer: undefined });
    });

    test("refuses to be read past the reader of a derivation", () => {
      const { graph, collection } = rig();
      const reads = [() => collection.get("a"), () => collection.size, () => collection.entries()];
      const source = graph.input<number>("indexes");
      graph.derive("careless", source, (index) => reads[index]?.());
      for (const index of reads.keys()) throws(() => source.set("a", index), /fetch it instead/);
      equal(collection.size, 0);
    });

    test("any stream of changes, replayed, gives the state", () => {
      const operation = fc.tuple(fc.constantFrom("a", "b", "c", "d"), fc.option(fc.integer({ min: 1, max: 9 })));
      fc.assert(
        fc.property(fc.array(fc.array(operation, { maxLength: 6 }), { maxLength: 12 }), (transactions) => {
          const { graph, write, collection } = rig();
          const replayed = new Map<string, Value>();
          const expected = new Map<string, Value>();
          collection.subscribe((changes) => replay(replayed, changes));
          for (const operations of transactions) {
            graph.transaction(() => {
              for (const [key, seed] of operations) write(key, seed ?? undefined);
            });
            for (const [key, seed] of operations) {
              if (seed === null) expected.delete(key);
              else expected.set(key, value(key, seed));
            }
            deepEqual(new Map(collection.entries()), expected);
            deepEqual(replayed, expected);
          }
        }),
        { numRuns: 50 },
      );
    });

    test("remembers nothing of what is gone", () => {
      const { graph, write, stop } = rig();
      const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
      graph.transaction(() => {
        for (const key of keys) write(key, 1);
      });
      for (const key of keys) write(key, 2);
      for (const key of keys) write(key, undefined);
      stop();
      for (const { size, tracked, dependencies, subscribers } of graph.dump())
        deepEqual(
          { size, tracked, dependencies, subscribers },
          { size: 0, tracked: 0, dependencies: 0, subscribers: 0 },
        );
    });
  });
}
