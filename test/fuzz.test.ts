import { deepEqual, equal } from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import { accepts } from "./fuzz/envoy.ts";
import { type History, readHistory } from "./fuzz/events.ts";
import { readsEverything, texts } from "./fuzz/reader.ts";
import { type Found, search } from "./fuzz/search.ts";
import { createStage } from "./fuzz/stage.ts";
import { follow } from "./fuzz/world.ts";
import { seed } from "./seed.ts";

const stage = await createStage();

/** What `make fuzz` looks for at length, in short. A failure names the seed. */
describe("arbitrary resources, in any order", () => {
  test("crash nothing, leave nothing, and mean what they mean to one that starts afresh", async () => {
    const attempt = async (history: History): Promise<void> => void follow(history);
    equal(described(await search(stage, attempt, { seed, numRuns: 100 })), "");
  });

  test("become what Envoy accepts", async () => {
    const attempt = async (history: History): Promise<void> => deepEqual(await accepts(follow(history)), { ok: true });
    equal(described(await search(stage, attempt, { seed, numRuns: 15 })), "");
  });
});

function described(found: Found | undefined): string {
  return found === undefined ? "" : `${found.yaml}\n${found.message}`;
}

test("arbitrary texts can be read, and what is wrong in them is in them", () => {
  fc.assert(fc.property(texts(stage.generator), readsEverything), { seed, numRuns: 300 });
});

describe("what was found once", () => {
  for (const file of globSync(join(import.meta.dirname, "fuzz/found/*.yaml")).sort()) {
    test(basename(file, ".yaml"), async () => {
      deepEqual(await accepts(follow(readHistory(readFileSync(file, "utf8")))), { ok: true });
    });
  }
});
