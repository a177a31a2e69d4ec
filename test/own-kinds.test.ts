import { deepEqual, equal } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import {
  backendTrafficPolicyFile,
  backendTrafficPolicyReference,
} from "../scripts/backend-traffic-policy-reference.ts";
import { reference, referenceFile } from "../scripts/gateway-parameters-reference.ts";
import { type CustomResourceDefinition, mapSchema, type Schema, shortened } from "../scripts/generate/schema.ts";

const textOf = (file: string) => readFileSync(join(import.meta.dirname, "..", file), "utf8");
const ownKinds = ["gatewayparameters", "backendtrafficpolicies"];

function generated(plural: string): CustomResourceDefinition {
  return JSON.parse(textOf(`src/resources/generated/crds/own/${plural}.json`));
}

function schemaOf({ spec }: CustomResourceDefinition): Schema {
  return spec.versions[0]?.schema.openAPIV3Schema ?? {};
}

test("docs/gateway-parameters.md is what the definition says (node scripts/gateway-parameters-reference.ts writes it)", () => {
  equal(readFileSync(referenceFile, "utf8"), reference());
});

test("docs/backend-traffic-policy.md is what the definition says (node scripts/backend-traffic-policy-reference.ts writes it)", () => {
  equal(readFileSync(backendTrafficPolicyFile, "utf8"), backendTrafficPolicyReference());
});

for (const plural of ownKinds) {
  test(`${plural}: the definition in the chart is the one that Gatewright reads by (npm run generate writes both)`, () => {
    const chart: CustomResourceDefinition = parse(textOf(`charts/gatewright/crds/${plural}.yaml`));
    // Null is for the API server alone: definitionText of scripts/generate/own.ts says why.
    const read = mapSchema(shortened(schemaOf(chart)), (schema) =>
      Object.fromEntries(Object.entries(schema).filter(([word]) => word !== "nullable")),
    );
    deepEqual(read, schemaOf(generated(plural)));
  });
}

test("no field has a default: it would hide what a GatewayClass says", () => {
  const defaults: unknown[] = [];
  mapSchema(schemaOf(generated("gatewayparameters")), (schema) => {
    if (schema.default !== undefined) defaults.push(schema.default);
    return schema;
  });
  deepEqual(defaults, []);
});
