import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import type { ResourceBatch } from "../source.ts";
import { type FileReading, ObjectTable } from "./object-table.ts";
import { readThings, thing } from "./testing/recorder.ts";

function reading(file: string, ...documents: readonly string[]): FileReading {
  return { file, documents: readThings(file)(documents.join("---\n")) };
}

const gone = (file: string): FileReading => ({ file, documents: undefined });

function summary({ changes }: ResourceBatch): readonly string[] {
  return changes.map(({ key, object }) => {
    const seen: unknown = object === undefined ? "gone" : "spec" in object && object.spec;
    return `${key} ${JSON.stringify(seen)}`;
  });
}

function codes({ findings }: ResourceBatch): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries([...findings].map(([file, each]) => [file, each.map((finding) => finding.code)]));
}

function generations(table: ObjectTable, text: string): readonly (number | undefined)[] {
  return table.apply([reading("f", text)]).changes.map(({ object }) => object?.metadata.generation);
}

describe("ObjectTable", () => {
  test("adds, changes and removes", () => {
    const table = new ObjectTable();
    deepEqual(summary(table.apply([reading("f", thing("a", 1), thing("b", 1))])), [
      'default/a {"value":1}',
      'default/b {"value":1}',
    ]);
    deepEqual(summary(table.apply([reading("f", thing("a", 2))])), ['default/a {"value":2}', 'default/b "gone"']);
    deepEqual(summary(table.apply([gone("f")])), ['default/a "gone"']);
    equal(table.size, 0);
  });

  test("an equal object is no change, but is located where it is now", () => {
    const table = new ObjectTable();
    const [first] = table.apply([reading("f", thing("a", 1))]).changes;
    deepEqual(first?.locate?.([]), { file: "f", line: 1, column: 1 });
    deepEqual(table.apply([reading("f", `# a line more\n${thing("a", 1)}`)]).changes, []);
    deepEqual(first?.locate?.([]), { file: "f", line: 2, column: 1 });
  });

  test("a refused document leaves its object as it was, and only its own", () => {
    const table = new ObjectTable();
    table.apply([reading("f", thing("a", 1), thing("b", 1), thing("c", 1))]);
    const batch = table.apply([reading("f", thing("a", "refused"), thing("b", 2))]);
    deepEqual(summary(batch), ['default/b {"value":2}', 'default/c "gone"']);
    deepEqual(codes(batch), { f: ["broken-rule", "last-good-version"] });
    deepEqual(summary(table.apply([gone("f")])), ['default/a "gone"', 'default/b "gone"']);
  });

  test("a refused document that was never good serves nothing", () => {
    const table = new ObjectTable();
    const batch = table.apply([reading("f", thing("a", "refused"))]);
    deepEqual(summary(batch), []);
    deepEqual(codes(batch), { f: ["broken-rule"] });
  });

  test("a document that can't be told apart leaves all that the file doesn't mention", () => {
    const table = new ObjectTable();
    table.apply([reading("f", thing("a", 1), thing("b", 1))]);
    const broken = table.apply([reading("f", thing("b", 2), "kind: [\n")]);
    deepEqual(summary(broken), ['default/b {"value":2}']);
    deepEqual(codes(broken), { f: ["yaml-syntax", "last-good-version"] });
    const mended = table.apply([reading("f", thing("b", 2))]);
    deepEqual(summary(mended), ['default/a "gone"']);
    deepEqual(codes(mended), { f: [] });
  });

  test("an object that moves to another file in one batch is no change", () => {
    const table = new ObjectTable();
    table.apply([reading("f", thing("a", 1))]);
    deepEqual(summary(table.apply([gone("f"), reading("g", thing("a", 1))])), []);
    deepEqual(summary(table.apply([reading("f", thing("a", 2)), gone("g")])), ['default/a {"value":2}']);
  });

  describe("the same object in two places", () => {
    test("the first by path is served, in whatever order they come; the other takes over", () => {
      const table = new ObjectTable();
      const second = table.apply([reading("g", thing("a", "g"))]);
      deepEqual(summary(second), ['default/a {"value":"g"}']);
      const both = table.apply([reading("f", thing("a", "f"))]);
      deepEqual(summary(both), ['default/a {"value":"f"}']);
      deepEqual(codes(both), { f: [], g: ["duplicate-object"] });
      const after = table.apply([gone("f")]);
      deepEqual(summary(after), ['default/a {"value":"g"}']);
      deepEqual(codes(after), { f: [], g: [] });
    });

    test("names both places", () => {
      const table = new ObjectTable();
      const { findings } = table.apply([reading("f", thing("a", 1)), reading("g", thing("b", 1), thing("a", 2))]);
      const [finding] = findings.get("g") ?? [];
      equal(finding?.message, "Thing default/a is also in f:1, which is the one that is served.");
      deepEqual(finding?.location, { file: "g", line: 8, column: 1 });
    });

    test("in one file, the first document is served", () => {
      const table = new ObjectTable();
      const batch = table.apply([reading("f", thing("a", 1), thing("a", 2))]);
      deepEqual(summary(batch), ['default/a {"value":1}']);
      deepEqual(codes(batch), { f: ["duplicate-object"] });
    });
  });

  describe("generation", () => {
    test("counts changes of the spec, not of metadata", () => {
      const table = new ObjectTable();
      const labelled = thing("a", 2).replace("  name: a", "  name: a\n  labels: { x: y }");
      deepEqual(generations(table, thing("a", 1)), [1]);
      deepEqual(generations(table, thing("a", 2)), [2]);
      deepEqual(generations(table, labelled), [2]);
      deepEqual(generations(table, thing("a", 3)), [3]);
    });

    test("is kept where it is written", () => {
      const text = thing("a", 1).replace("  name: a", "  name: a\n  generation: 7");
      deepEqual(generations(new ObjectTable(), text), [7]);
    });
  });
});
