import { deepEqual, equal } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { reference, referenceFile } from "../scripts/gateway-parameters-reference.ts";
import { mapSchema, type Schema, shortened } from "../scripts/generate/schema.ts";

const root = join(import.meta.dirname, "..");

test("docs/gateway-parameters.md is what the definition says (node scripts/gateway-parameters-reference.ts writes it)", () => {
  equal(readFileSync(referenceFile, "utf8"), reference());
});

test("the definition in the chart is the one that Gatewright reads by (npm run generate writes both)", () => {
  const read = (file: string, from: (text: string) => unknown) => from(readFileSync(join(root, file), "utf8"));
  const schema = (definition: unknown): Schema =>
    // Both are what one generator wrote.
    (definition as { spec: { versions: [{ schema: { openAPIV3Schema: Schema } }] } }).spec.versions[0].schema
      .openAPIV3Schema;
  const chart = schema(read("charts/gatewright/crds/gatewayparameters.yaml", parse));
  const own = schema(read("src/resources/generated/crds/own/gatewayparameters.json", JSON.parse));
  deepEqual(shortened(chart), own);
});

test("no field has a default: it would hide what a GatewayClass says", () => {
  const defaults: unknown[] = [];
  const file = join(root, "src/resources/generated/crds/own/gatewayparameters.json");
  mapSchema(JSON.parse(readFileSync(file, "utf8")).spec.versions[0].schema.openAPIV3Schema, (schema) => {
    if (schema.default !== undefined) defaults.push(schema.default);
    return schema;
  });
  deepEqual(defaults, []);
});
