import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { celEnv, parse, plan } from "@bufbuild/cel";
import { fc } from "../../test/fast-check.ts";
import { readable } from "./cel-value.ts";
import { readsAlike } from "./reads.ts";
import { isJsonObject, type Json, type JsonObject, type Schema } from "./schema.ts";
import { validObjects } from "./testing/changed-objects.ts";
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
  const known = new Map<string, JsonObject[]>();
  for (const { value } of objects) collect(value, "", known);
  let broken = 0;
  const property = fc.property(fc.nat(), fc.infiniteStream(fc.nat()), (which, random) => {
    const object = objects[which % objects.length];
    if (object === undefined) return;
    const next = (): number => random.next().value ?? 0;
    const changed = [1, 2, 3].reduce<Json>((value) => mixed(value, "", known, next), object.value);
    const { value, mistakes } = validateStructure(changed, object.schema, "Test");
    if (mistakes.length > 0) return;
    const found = validateRules(value, object.schema, []);
    const forgetful: Schema = structuredClone(object.schema);
    deepEqual(found, validateRules(value, forgetful, []));
    if (found.length > 0) broken += 1;
  });
  fc.assert(property, { numRuns: 3000 });
  equal(broken > 30, true, `only ${broken} objects broke a rule`);
});

/** All objects in a value, by the name of the field or list that they are in. */
function collect(value: Json, name: string, known: Map<string, JsonObject[]>): void {
  if (Array.isArray(value)) for (const item of value) collect(item, name, known);
  else if (isJsonObject(value)) {
    known.set(name, [...(known.get(name) ?? []), value]);
    for (const [field, part] of Object.entries(value)) collect(part, field, known);
  }
}

/** A copy in which one object has lost a field, or got one from an object in the same place elsewhere. */
function mixed(value: Json, name: string, known: ReadonlyMap<string, JsonObject[]>, random: () => number): Json {
  const pick = <Value>(list: readonly Value[]): Value | undefined => list[random() % list.length];
  if (Array.isArray(value)) {
    const chosen = random() % Math.max(1, value.length);
    return value.map((item: Json, index) => (index === chosen ? mixed(item, name, known, random) : item));
  }
  if (!isJsonObject(value)) return value;
  const field = pick(Object.keys(value)) ?? "";
  const { [field]: chosen = null, ...others } = value;
  if (name === "" || name === "spec" || random() % 2 === 0)
    return { ...value, [field]: mixed(chosen, field, known, random) };
  if (random() % 3 === 0) return others;
  const [added, part] = pick(Object.entries(pick(known.get(name) ?? []) ?? {})) ?? [];
  return added === undefined || part === undefined ? others : { ...value, [added]: part };
}
