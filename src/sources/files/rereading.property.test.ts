import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { fc } from "../../../test/fast-check.ts";
import type { Finding } from "../../resources/finding.ts";
import { DocumentCache, readDocuments } from "../../resources/read-documents.ts";
import type { ResourceBatch } from "../source.ts";
import { ObjectTable } from "./object-table.ts";

function service(name: string, port: number | string): string {
  return `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec:\n  ports: [{port: ${port}}]\n`;
}

/** Good ones, two versions of one object, one that is refused, one that can't be told apart, comments that move lines. */
const documents = [
  service("a", 80),
  service("a", 81),
  service("b", 80),
  service("c", 80),
  service("c", "eighty"),
  `# a comment\n${service("d", 80)}`,
  "kind: [",
  "# nothing\n",
];

/** What a sink knows after a batch: the changes of it, and all findings so far. */
class Told {
  readonly #findings = new Map<string, readonly Finding[]>();

  by({ changes, findings }: ResourceBatch): unknown {
    for (const [file, found] of findings) this.#findings.set(file, found);
    return {
      changes: changes.map((change) => ({
        key: change.key,
        object: change.object,
        port: change.locate?.(["spec", "ports", 0, "port"]),
      })),
      findings: Object.fromEntries(this.#findings),
    };
  }
}

// What was unchanged is taken over from the last reading, document by document, and never looked at again.
test("reading a file again tells what reading it anew does, whatever was edited", () => {
  const edit = fc.record({
    file: fc.constantFrom("f.yaml", "g.yaml"),
    at: fc.nat({ max: 6 }),
    removed: fc.nat({ max: 2 }),
    added: fc.array(fc.constantFrom(...documents), { maxLength: 3 }),
  });
  const edits = fc.array(edit, { maxLength: 12 });
  fc.assert(
    fc.property(edits, (steps) => {
      const remembering = { table: new ObjectTable(), told: new Told() };
      const anew = { table: new ObjectTable(), told: new Told() };
      const caches = new Map<string, DocumentCache>();
      const parts = new Map<string, readonly string[]>();
      for (const { file, at, removed, added } of steps) {
        const cache = caches.get(file) ?? new DocumentCache();
        caches.set(file, cache);
        const now = (parts.get(file) ?? []).toSpliced(at, removed, ...added);
        parts.set(file, now);
        const content = now.join("---\n");
        const batch = remembering.table.apply([{ file, documents: readDocuments(content, file, cache) }]);
        const expected = anew.table.apply([{ file, documents: readDocuments(content, file) }]);
        deepEqual(remembering.told.by(batch), anew.told.by(expected));
      }
    }),
    { numRuns: 300 },
  );
});
