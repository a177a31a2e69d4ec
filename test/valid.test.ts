import { deepEqual } from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { kinds } from "../src/resources/kinds.ts";
import { type ReadDocument, readDocuments } from "../src/resources/read-documents.ts";

const folder = join(import.meta.dirname, "valid");
const files = readdirSync(folder);

function read(file: string): readonly ReadDocument[] {
  return readDocuments(readFileSync(join(folder, file), "utf8"), file);
}

describe("valid documents", () => {
  for (const file of files) {
    test(`${file}: nothing is found`, () => {
      for (const { object, findings } of read(file)) {
        deepEqual(findings, []);
        deepEqual(object === undefined, false);
      }
    });
  }

  test("there is one of every kind", () => {
    const present = new Set(files.flatMap(read).map(({ reference }) => reference?.kind));
    deepEqual(
      kinds.map(({ kind }) => kind).filter((kind) => !present.has(kind)),
      [],
    );
  });
});
