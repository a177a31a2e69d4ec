import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { identify } from "../identify.ts";
import { schemaOf } from "../kinds.ts";
import { isJsonObject, type Json, type JsonObject, type Schema } from "../schema.ts";
import { parseDocumentText } from "../text/parse.ts";
import { splitDocuments } from "../text/split-documents.ts";

export interface ValidObject {
  readonly value: JsonObject;
  readonly schema: Schema;
}

/** The objects of test/valid, without metadata and status, with the schema of each. */
export function validObjects(): readonly ValidObject[] {
  const folder = join(import.meta.dirname, "../../../test/valid");
  const files = readdirSync(folder).filter((file) => file.endsWith(".yaml"));
  const objects = files.flatMap((file) =>
    splitDocuments(readFileSync(join(folder, file), "utf8")).flatMap(({ text }) => {
      const identity = identify(parseDocumentText(text, file).value);
      if ("mistake" in identity) return [];
      const { status: _, metadata: __, ...value } = identity.value;
      return [{ value, schema: schemaOf(identity.kind, identity.version) }];
    }),
  );
  if (objects.length < 20) throw new Error("test/valid has hardly any objects");
  return objects;
}

const strangers: readonly Json[] = [
  "",
  "a",
  "A b",
  "80",
  0,
  1,
  -1,
  70_000,
  0.5,
  true,
  [],
  ["a"],
  {},
  { a: 1 },
  "x".repeat(300),
  "10s",
  "a.b",
];

/** A copy in which one value somewhere is replaced, removed or joined by an unknown field. */
export function changedSomewhere(value: Json, random: () => number): Json {
  const isLeaf = typeof value !== "object" || value === null || Object.keys(value).length === 0;
  if (isLeaf || random() % 5 === 0) return strangers[random() % strangers.length] ?? "";
  if (Array.isArray(value)) {
    const index = random() % value.length;
    if (random() % 8 === 0) return value.concat(value, value, value, value);
    return value.map((item: Json, at) => (at === index ? changedSomewhere(item, random) : item));
  }
  if (!isJsonObject(value)) return value;
  const fields = Object.keys(value);
  const field = fields[random() % fields.length] ?? "";
  if (random() % 8 === 0) return { ...value, unknown: 1 };
  const { [field]: chosen = null, ...others } = value;
  return random() % 8 === 0 ? others : { ...value, [field]: changedSomewhere(chosen, random) };
}
