import { deepEqual, equal } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { reference, referenceFile } from "../scripts/gateway-parameters-reference.ts";
import { type CustomResourceDefinition, mapSchema, type Schema, shortened } from "../scripts/generate/schema.ts";

const textOf = (file: string) => readFileSync(join(import.meta.dirname, "..", file), "utf8");
const own: CustomResourceDefinition = JSON.parse(textOf("src/resources/generated/crds/own/gatewayparameters.json"));

function schemaOf({ spec }: CustomResourceDefinition): Schema {
  return spec.versions[0]?.schema.openAPIV3Schema ?? {};
}

test("docs/gateway-parameters.md is what the definition says (node scripts/gateway-parameters-reference.ts writes it)", () => {
  equal(readFileSync(referenceFile, "utf8"), reference());
});

test("the definition in the chart is the one that Gatewright reads by (npm run generate writes both)", () => {
  const chart: CustomResourceDefinition = parse(textOf("charts/gatewright/crds/gatewayparameters.yaml"));
  // Null is for the API server alone: definitionText of scripts/generate/own.ts says why.
  const read = mapSchema(shortened(schemaOf(chart)), (schema) =>
    Object.fromEntries(Object.entries(schema).filter(([word]) => word !== "nullable")),
  );
  deepEqual(read, schemaOf(own));
});

test("no field has a default: it would hide what a GatewayClass says", () => {
  const defaults: unknown[] = [];
  mapSchema(schemaOf(own), (schema) => {
    if (schema.default !== undefined) defaults.push(schema.default);
    return schema;
  });
  deepEqual(defaults, []);
});
