import { deepEqual } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readDocuments } from "../resources/read-documents.ts";
import { unservedKinds } from "./unserved-kinds.ts";

test("a valid object of a kind that is not served is said to have no effect", () => {
  const file = join(import.meta.dirname, "..", "..", "test", "valid", "experimental.yaml");
  const objects = readDocuments(readFileSync(file, "utf8"), file).flatMap(({ object }) => object ?? []);
  deepEqual(
    unservedKinds(objects).map(({ severity, code, origin }) => [severity, code, origin?.resource.kind]),
    [["warning", "kind-not-served", "XMesh"]],
  );
});
