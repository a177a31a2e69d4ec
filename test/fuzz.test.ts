import { deepEqual, equal } from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import { accepts } from "./fuzz/envoy.ts";
import { failure, histories, readHistory } from "./fuzz/events.ts";
import { readsEverything, texts } from "./fuzz/reader.ts";
import { createStage } from "./fuzz/stage.ts";
import { follow } from "./fuzz/world.ts";

const stage = await createStage();
const worlds = histories(stage.generator, stage.beginning);

/** What `make fuzz` looks for at length, in short. The seed is another one each time; a failure names it. */
describe("arbitrary resources, in any order", () => {
  test("crash nothing, leave nothing, and mean what they mean to one that starts afresh", () => {
    equal(
      failure(
        fc.check(
          fc.property(worlds, (history) => void follow(history)),
          { numRuns: 100 },
        ),
      ),
      undefined,
    );
  });

  test("become what Envoy accepts", async () => {
    const accepted = fc.asyncProperty(worlds, async (history) =>
      deepEqual(await accepts(follow(history)), { ok: true }),
    );
    equal(failure(await fc.check(accepted, { numRuns: 15 })), undefined);
  });
});

test("arbitrary texts can be read, and what is wrong in them is in them", () => {
  fc.assert(fc.property(texts(stage.generator), readsEverything), { numRuns: 300 });
});

describe("what was found once", () => {
  for (const file of globSync(join(import.meta.dirname, "fuzz/found/*.yaml")).sort()) {
    test(basename(file, ".yaml"), async () => {
      deepEqual(await accepts(follow(readHistory(readFileSync(file, "utf8")))), { ok: true });
    });
  }
});
