import { deepEqual } from "node:assert/strict";
import type { KubernetesObject } from "../object.ts";
import { readDocuments } from "../read-documents.ts";

/** The objects of documents in which nothing is wrong. */
export function objectsOf(text: string, file = "test.yaml"): readonly KubernetesObject[] {
  return readDocuments(text, file).flatMap(({ object, findings }) => {
    deepEqual(findings, [], file);
    return object ?? [];
  });
}
