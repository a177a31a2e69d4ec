import { deepEqual, equal, notEqual } from "node:assert/strict";
import { describe, test } from "node:test";
import { fc } from "../../test/fast-check.ts";
import { sharingParts } from "./shared-parts.ts";

describe("parts of values that come one after the other", () => {
  test("are shared where they are equal, at any depth", () => {
    const share = sharingParts();
    const make = (name: string, port: number) => ({ name, spec: { ports: [{ port: 80 }, { port }], empty: [] } });
    const one = share(make("one", 1));
    const two = share(make("two", 2));
    notEqual(two.spec, one.spec);
    equal(two.spec.ports[0], one.spec.ports[0]);
    equal(two.spec.empty, one.spec.empty);
    deepEqual(two, make("two", 2));
    const three = share(make("three", 2));
    equal(three.spec, two.spec);
  });

  for (const [name, before, after] of [
    ["an object is no list of the same", { 0: "a" }, ["a"]],
    ["an empty list is no empty object", [], {}],
    ["a longer list is another one", ["a"], ["a", "b"]],
    ["a shorter list is another one", ["a", "b"], ["a"]],
    ["the order of fields stays", { a: 1, b: 2 }, { b: 2, a: 1 }],
    ["null is no object", {}, null],
  ] as const) {
    test(name, () => {
      const share = sharingParts();
      share({ before });
      const kept = share<object>({ before: after });
      equal(JSON.stringify(kept), JSON.stringify({ before: after }));
    });
  }

  test("say the same as before, whatever they are", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ maxDepth: 3 }), { maxLength: 6 }), (values) => {
        const share = sharingParts();
        const kept = values.map((value) => share<unknown>(structuredClone(value)));
        deepEqual(kept, values);
      }),
    );
  });
});
