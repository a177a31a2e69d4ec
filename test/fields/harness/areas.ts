import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { withKeyPairs } from "../../../src/gateway/testing/key-pairs.ts";
import type { KubernetesObject } from "../../../src/resources/object.ts";
import { isJsonObject, type JsonObject } from "../../../src/resources/schema.ts";
import { parseDocumentText } from "../../../src/resources/text/parse.ts";
import { splitDocuments } from "../../../src/resources/text/split-documents.ts";
import { validateObject } from "../../../src/resources/validate-object.ts";

/** A small world in which some fields mean something: one file of `test/fields`. */
export interface Area {
  readonly file: string;
  readonly documents: readonly AreaDocument[];
  /** Of `shared.yaml`. */
  readonly shared: readonly KubernetesObject[];
}

export interface AreaDocument {
  readonly value: JsonObject;
  /** Valid. */
  readonly object: KubernetesObject;
}

const folder = join(import.meta.dirname, "..");

const sharedFile = "shared.yaml";

export async function readAreas(): Promise<readonly Area[]> {
  const shared = (await readDocuments(sharedFile)).map(({ object }) => object);
  const files = readdirSync(folder).filter((file) => file.endsWith(".yaml") && file !== sharedFile);
  return Promise.all(files.sort().map(async (file) => ({ file, documents: await readDocuments(file), shared })));
}

async function readDocuments(file: string): Promise<readonly AreaDocument[]> {
  const text = await withKeyPairs(readFileSync(join(folder, file), "utf8"));
  return splitDocuments(text).flatMap((document) => {
    const { value } = parseDocumentText(document.text, file);
    return isJsonObject(value) ? [{ value, object: valid(value, file) }] : [];
  });
}

function valid(value: JsonObject, file: string): KubernetesObject {
  const { object, mistakes } = validateObject(value);
  if (object === undefined) throw new Error(`${file}: ${mistakes.map(({ message }) => message).join(" ")}`);
  return object;
}
