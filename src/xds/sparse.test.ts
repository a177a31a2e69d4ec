import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { SparseMap, SparseSet } from "./sparse.ts";

test("a sparse map is like a Map", () => {
  const steps: readonly ((map: Map<string, number> | SparseMap<string, number>) => unknown)[] = [
    (map) => map.get("a"),
    (map) => map.set("a", 1) && undefined,
    (map) => map.set("b", 2) && undefined,
    (map) => map.set("a", 3) && undefined,
    (map) => map.has("a"),
    (map) => map.get("a"),
    (map) => map.delete("a"),
    (map) => map.delete("a"),
    (map) => map.delete("b"),
    (map) => map.has("b"),
    (map) => map.set("c", 4) && undefined,
    (map) => map.clear(),
    (map) => map.set("d", 5) && undefined,
  ];
  const ours = new SparseMap<string, number>();
  const theirs = new Map<string, number>();
  for (const step of steps) {
    equal(step(ours), step(theirs));
    equal(ours.size, theirs.size);
    deepEqual([...ours], [...theirs]);
    deepEqual([...ours.keys()], [...theirs.keys()]);
    deepEqual([...ours.values()], [...theirs.values()]);
  }
});

interface AnyMap {
  set(key: string, value: number): unknown;
  delete(key: string): boolean;
  keys(): Iterable<string>;
}

const changes: readonly (readonly [string, (map: AnyMap) => unknown])[] = [
  ["emptied", (map) => map.delete("a")],
  ["emptied and filled", (map) => map.delete("a") && map.set("b", 2)],
  ["added to", (map) => map.set("b", 2)],
  ["left as it is", () => undefined],
];
for (const [what, change] of changes) {
  test(`a sparse map that is ${what} while it is gone through goes on like a Map`, () => {
    const seen = (map: AnyMap): readonly string[] => {
      map.set("a", 1);
      const names: string[] = [];
      for (const name of map.keys()) {
        names.push(name);
        if (names.length === 1) change(map);
      }
      return names;
    };
    deepEqual(seen(new SparseMap()), seen(new Map()));
  });
}

test("a sparse set has what was added and not deleted", () => {
  const set = new SparseSet<string>();
  set.add("a");
  set.add("b");
  set.add("a");
  equal(set.delete("a"), true);
  equal(set.delete("a"), false);
  deepEqual([set.size, set.has("a"), set.has("b"), [...set]], [1, false, true, ["b"]]);
});
