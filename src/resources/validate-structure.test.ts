import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { Ajv, type ValidateFunction } from "ajv";
import { fc } from "../../test/fast-check.ts";
import { formatPath } from "./origin.ts";
import { jsonCopy, type Schema } from "./schema.ts";
import { changedSomewhere, validObjects } from "./testing/changed-objects.ts";
import { validateStructure } from "./validate-structure.ts";

const schema: Schema = {
  type: "object",
  required: ["name"],
  properties: {
    name: { type: "string", minLength: 1, maxLength: 3 },
    weight: { type: "integer", format: "int32", minimum: 0, default: 1 },
    mode: { type: "string", enum: ["On", "Off"] },
    nested: { type: "object", default: {}, properties: { deep: { type: "string", default: "x" } } },
    set: { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" },
    map: {
      type: "array",
      maxItems: 2,
      items: { type: "object", properties: { k: { type: "string", default: "d" }, v: { type: "number" } } },
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["k"],
    },
    labels: { type: "object", additionalProperties: { type: "string" }, maxProperties: 2 },
    target: { "x-kubernetes-int-or-string": true },
    any: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    optional: { type: "string", nullable: true },
  },
};

const defaulted = { weight: 1, nested: { deep: "x" } };

describe("validateStructure", () => {
  for (const [what, value, expected] of [
    ["fills in defaults, also within defaults", { name: "a" }, { name: "a", ...defaulted }],
    ["takes null for absent", { name: "a", weight: null, set: null }, { name: "a", ...defaulted }],
    ["keeps null where it means something", { name: "a", optional: null }, { name: "a", optional: null, ...defaulted }],
    [
      "keeps what no schema describes",
      { name: "a", any: { b: [null] } },
      { name: "a", any: { b: [null] }, ...defaulted },
    ],
    ["takes 2.0 for an integer", { name: "a", weight: 2.0 }, { ...defaulted, name: "a", weight: 2 }],
    ["counts characters as people do", { name: "😀😀😀" }, { name: "😀😀😀", ...defaulted }],
    ["takes either form of a port", { name: "a", target: "http" }, { name: "a", target: "http", ...defaulted }],
  ] as const) {
    test(what, () => {
      const result = validateStructure(value, schema, "Thing");
      deepEqual(result.mistakes, []);
      deepEqual(result.value, expected);
    });
  }

  for (const [what, value, expected] of [
    ["unknown field", { name: "a", wieght: 1 }, ["unknown-field wieght"]],
    [
      "field of a prototype",
      { name: "a", constructor: 1, toString: "b" },
      ["unknown-field constructor", "unknown-field toString"],
    ],
    ["misspelt required field, once", { nmae: "a" }, ["unknown-field nmae"]],
    ["missing field", {}, ["missing-field "]],
    ["empty field that is required", { name: null }, ["missing-field name"]],
    ["null in a list", { name: "a", set: [null] }, ["wrong-type set[0]"]],
    ["twice in a set", { name: "a", set: ["x", "y", "x"] }, ["duplicate-entry set[2]"]],
    ["same key, one of them by default", { name: "a", map: [{ k: "d" }, {}] }, ["duplicate-entry map[1]"]],
    [
      "wrong type beside a duplicate",
      { name: "a", map: [{ v: "1" }, {}] },
      ["wrong-type map[0].v", "duplicate-entry map[1]"],
    ],
    ["beyond int32", { name: "a", weight: 2 ** 31 }, ["out-of-range weight"]],
    [
      "too many",
      { name: "a", labels: { a: "", b: "", c: "" }, map: [{ k: "1" }, { k: "2" }, { k: "3" }] },
      ["wrong-count labels", "wrong-count map"],
    ],
    ["too long", { name: "abcd" }, ["wrong-length name"]],
    ["wrong enum", { name: "a", mode: "on" }, ["unknown-value mode"]],
    ["no object", [], ["wrong-type "]],
  ] as const) {
    test(`finds: ${what}`, () => {
      const { mistakes } = validateStructure(jsonCopy(value), schema, "Thing");
      deepEqual(
        mistakes.map(({ code, path }) => `${code} ${formatPath(path)}`),
        expected,
      );
    });
  }

  test("__proto__ is an unknown field, and changes nothing", () => {
    const { mistakes, value } = validateStructure(JSON.parse('{"name":"a","__proto__":{"x":1}}'), schema, "Thing");
    deepEqual(
      mistakes.map(({ code }) => code),
      ["unknown-field"],
    );
    equal(Object.getPrototypeOf(value), Object.prototype);
  });

  test("accepts and refuses what ajv does, for every kind, whatever is changed in a valid object", () => {
    fc.assert(
      fc.property(fc.constantFrom(...validObjects()), fc.infiniteStream(fc.nat(10_000)), (valid, stream) => {
        const changed = changedSomewhere(valid.value, () => Number(stream.next().value));
        const ours = validateStructure(changed, valid.schema, "Kind").mistakes.filter(
          ({ code }) => code !== "duplicate-entry",
        );
        const copy = jsonCopy(changed);
        // Twice: ajv looks at oneOf before it has filled in the defaults.
        oracle(valid.schema)(copy);
        const theirs = oracle(valid.schema)(copy);
        equal(ours.length === 0, theirs, `${JSON.stringify(changed)}\n${JSON.stringify(ours)}`);
      }),
      { numRuns: 3000 },
    );
  });
});

const compiled = new Map<Schema, ValidateFunction>();

function oracle(structural: Schema): ValidateFunction {
  const known =
    compiled.get(structural) ??
    new Ajv({
      strict: false,
      allErrors: true,
      useDefaults: true,
      formats: { ipv4: /^\d+\.\d+\.\d+\.\d+$/, ipv6: /:/ },
    }).compile(closed(structural));
  compiled.set(structural, known);
  return known;
}

/** The schema with what structural schemas leave unsaid: no other fields, and what Kubernetes' own words mean. */
function closed({
  properties,
  items,
  additionalProperties,
  format,
  ...rest
}: Schema): Readonly<Record<string, unknown>> {
  if (rest["x-kubernetes-int-or-string"]) {
    return { type: ["integer", "string"], ...(rest.pattern !== undefined && { pattern: rest.pattern }) };
  }
  const map = <T>(fields: Readonly<Record<string, Schema>>, change: (schema: Schema) => T) =>
    Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, change(field)]));
  return {
    ...rest,
    ...(format?.startsWith("ip") && { format }),
    ...(properties && { properties: map(properties, closed) }),
    ...(items && { items: closed(items) }),
    ...(properties && !rest["x-kubernetes-preserve-unknown-fields"] && { additionalProperties: false }),
    ...(typeof additionalProperties === "object" && { additionalProperties: closed(additionalProperties) }),
  };
}
