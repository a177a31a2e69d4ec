import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Overlay } from "./overlay.ts";
import { Shared } from "./testing/shared.ts";

interface Item {
  readonly version: number;
}

const names = ["a", "b", "c", "d", "e"];
const arbitraryStep = fc.record({
  what: fc.constantFrom("share", "unshare", "set", "adopt", "delete", "clear", "setAll"),
  name: fc.constantFrom(...names),
  version: fc.nat(2),
});

describe("an overlay", () => {
  test("costs nothing where it says what the shared map says", () => {
    const shared = new Shared(names.map((name) => [name, { version: 1 }]));
    const overlay = new Overlay(shared, (item: Item) => item);
    for (const [name, item] of shared) overlay.set(name, item);
    equal(overlay.isShared, true);
    equal(overlay.differences, 0);
    equal(overlay.size, names.length);
  });

  test("has what was put into it, whatever becomes of the shared map", () => {
    fc.assert(
      fc.property(fc.array(arbitraryStep, { maxLength: 60 }), (steps) => {
        const shared = new Shared<Item>();
        let isShared = false;
        const overlay = new Overlay(
          shared,
          (item: Item) => item,
          (now) => {
            equal(now, !isShared);
            isShared = now;
          },
        );
        const members = new Overlay(shared, () => true);
        const model = new Map<string, Item>();
        for (const { what, name, version } of steps) {
          const before = shared.get(name);
          if (what === "share" || what === "unshare") {
            if (what === "share") shared.set(name, { version });
            else shared.delete(name);
            overlay.shift(name, before);
            members.shift(name, before);
          } else if (what === "clear") {
            for (const each of names) {
              model.delete(each);
              overlay.delete(each);
              members.delete(each);
            }
          } else if (what === "setAll") {
            for (const each of names) {
              overlay.delete(each);
              members.delete(each);
            }
            model.clear();
            // Twice: the last value counts.
            const values = [
              ...shared,
              ...(version === 0 ? [] : [[name, { version }] as const]),
              ...[...shared].slice(version),
            ];
            for (const [each, item] of values) model.set(each, item);
            overlay.setAll(values);
            members.setAll(new Map(values.map(([each]) => [each, true])));
            isShared = overlay.isShared;
          } else if (what === "delete") {
            model.delete(name);
            overlay.delete(name);
            members.delete(name);
          } else {
            const item = (what === "adopt" ? before : undefined) ?? { version };
            model.set(name, item);
            overlay.set(name, item);
            members.set(name, true);
          }
          deepEqual(new Map(overlay.entries()), model);
          for (const each of names) equal(overlay.get(each), model.get(each));
          deepEqual([...members.keys()].sort(), [...model.keys()].sort());
          equal(overlay.size, model.size);
          const different = names.filter((each) => model.get(each) !== shared.get(each)).length;
          equal(overlay.differences, overlay.isShared ? different : model.size);
          equal(overlay.isShared, isShared);
        }
      }),
    );
  });
});
