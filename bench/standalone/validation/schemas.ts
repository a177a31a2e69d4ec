import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { kinds, schemaOf } from "../../../src/resources/kinds.ts";
import type { Schema } from "../../../src/resources/schema.ts";

/** Writes the schemas that we check with as JSON Schemas, one file for each kind and version, named as kubeconform looks for them. */
export async function writeSchemas(folder: string): Promise<void> {
  for (const kind of kinds) {
    const [version] = kind.versions;
    const name = `${kind.group}-${kind.kind.toLowerCase()}-${version}.json`;
    await writeFile(join(folder, name), JSON.stringify(strict(schemaOf(kind, version))));
  }
}

/** JSON Schema lets unknown fields pass unless it is told not to, and knows no int-or-string. */
function strict(schema: Schema): object {
  const { properties, items, additionalProperties, ...rest } = schema;
  const closed = properties !== undefined && schema["x-kubernetes-preserve-unknown-fields"] !== true;
  return {
    ...rest,
    ...(properties !== undefined && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, field]) => [name, strict(field)])),
    }),
    ...(items !== undefined && { items: strict(items) }),
    ...(typeof additionalProperties === "object"
      ? { additionalProperties: strict(additionalProperties) }
      : closed && { additionalProperties: false }),
  };
}
