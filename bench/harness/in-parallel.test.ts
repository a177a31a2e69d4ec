import { deepEqual, equal, rejects } from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { inParallel } from "./in-parallel.ts";

describe("work in parallel", () => {
  test("is done for every item, in their order, on no more at once than it may", async () => {
    const begun: number[] = [];
    let [now, most] = [0, 0];
    await inParallel([1, 2, 3, 4, 5], 2, async (item) => {
      begun.push(item);
      now += 1;
      most = Math.max(most, now);
      await wait(1);
      now -= 1;
    });
    deepEqual(begun, [1, 2, 3, 4, 5]);
    equal(most, 2);
  });

  test("ends with the first error, and begins nothing new after it", async () => {
    const begun: number[] = [];
    const work = async (item: number): Promise<void> => {
      begun.push(item);
      await wait(item);
      if (item === 2) throw new Error("two");
    };
    await rejects(inParallel([1, 2, 30, 4, 5], 2, work), /two/);
    deepEqual(begun, [1, 2, 30]);
  });
});
