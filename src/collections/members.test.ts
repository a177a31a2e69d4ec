import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { fc } from "../../test/fast-check.ts";
import { byKey, find, merge, position } from "./members.ts";

const list = (keys: string) => keys.split("").map((key) => ({ key, value: key }));

describe("position and find", () => {
  for (const [keys, key, expected] of [
    ["", "a", 0],
    ["bd", "a", 0],
    ["bd", "b", 0],
    ["bd", "c", 1],
    ["bd", "d", 1],
    ["bd", "e", 2],
  ] as const) {
    test(`${key} in "${keys}" is at ${expected}`, () => {
      equal(position(list(keys), key), expected);
      equal(find(list(keys), key)?.value, keys.includes(key) ? key : undefined);
    });
  }
});

describe("merge", () => {
  test("is what a map, sorted, would be", () => {
    const key = fc.constantFrom(..."abcdefgh".split(""));
    const changes = fc.uniqueArray(fc.record({ key, value: fc.option(fc.nat(), { nil: undefined }) }), {
      selector: (change) => change.key,
    });
    fc.assert(
      fc.property(fc.uniqueArray(key), changes, (present, changed) => {
        const members = present.toSorted().map((each) => ({ key: each, value: -1 }));
        const expected = new Map(members.map((member) => [member.key, member.value]));
        for (const change of changed) {
          if (change.value === undefined) expected.delete(change.key);
          else expected.set(change.key, change.value);
        }
        const sorted = [...expected].map(([each, value]) => ({ key: each, value })).sort(byKey);
        deepEqual(merge(members, changed), sorted);
      }),
    );
  });

  test("leaves the list that it is given as it is", () => {
    const members = list("ac");
    merge(members, [{ key: "b", value: "b" }]);
    merge(members, [
      { key: "a", value: undefined },
      { key: "c", value: "x" },
    ]);
    deepEqual(members, list("ac"));
  });
});
