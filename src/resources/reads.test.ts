import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { celEnv, parse, plan } from "@bufbuild/cel";
import fc from "fast-check";
import { readable } from "./cel-value.ts";
import { readsAlike } from "./reads.ts";
import { isJsonObject, type Json, type Schema } from "./schema.ts";
import { changedSomewhere, validObjects } from "./testing/changed-objects.ts";
import { validateRules } from "./validate-rules.ts";
import { validateStructure } from "./validate-structure.ts";

describe("readsAlike", () => {
  const value: Json = { name: "a", other: 1, tags: ["x"], more: { deep: true, rest: 1 }, parts: [{ id: "p", n: 1 }] };
  for (const [rule, replaced, expected] of [
    ["self.name == 'a'", { other: 2 }, true],
    ["self.name == 'a'", { name: "b" }, false],
    ["has(self.name)", { name: {} }, false],
    ["!has(self.absent)", { name: "b", other: [] }, true],
    ["!has(self.absent)", { absent: 1 }, false],
    ["has(self.more)", { more: {} }, true],
    ["self.more.deep", { more: { deep: true, rest: 2 } }, true],
    ["self.more.deep", { more: { deep: false } }, false],
    ["self.more.size() == 2", { more: { deep: 1, rest: 2 } }, true],
    ["self.more.size() == 2", { more: { deep: true, another: 2 } }, false],
    ["self.more.all(key, key != '')", { more: { deep: 1 } }, false],
    ["self.tags.size() == 1", { tags: ["x", "y"] }, false],
    ["self.parts.all(part, part.id != '')", { parts: [{ id: "p", n: 2 }] }, true],
    ["self.parts.all(part, part.id != '')", { parts: [{ id: "q", n: 1 }] }, false],
    ["self.parts.all(part, part.id != '')", { parts: [{ n: 1 }] }, false],
    ["self.name == 'b' || self.other == 1", { parts: [] }, true],
  ] as const) {
    test(`${rule}: ${JSON.stringify(replaced)} is ${expected ? "the same" : "another"} to it`, () => {
      const read = readable(value);
      equal(plan(celEnv(), parse(rule))({ self: read.value }), true);
      equal(readsAlike({ ...value, ...replaced }, read.reads), expected);
    });
  }
});

test("rules that remember what they have read find what rules without memory do", () => {
  const objects = validObjects();
  const property = fc.property(fc.nat(), fc.infiniteStream(fc.nat()), (which, random) => {
    const object = objects[which % objects.length];
    if (object === undefined) return;
    const next = (): number => random.next().value ?? 0;
    const { value, mistakes } = validateStructure(changedSomewhere(object.value, next), object.schema, "Test");
    if (mistakes.length > 0 || !isJsonObject(value)) return;
    const forgetful: Schema = structuredClone(object.schema);
    deepEqual(validateRules(value, object.schema, []), validateRules(value, forgetful, []));
  });
  fc.assert(property, { numRuns: 3000 });
});
