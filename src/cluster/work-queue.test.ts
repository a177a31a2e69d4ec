import { deepEqual, equal } from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { WorkQueue, type WorkQueueOptions } from "./work-queue.ts";

describe("a work queue", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
  afterEach(() => mock.timers.reset());

  function queueOf(work: WorkQueueOptions["work"], options: Partial<WorkQueueOptions> = {}): WorkQueue {
    const queue = new WorkQueue({ work, failed: () => {}, concurrency: 2, ...options });
    queue.resume();
    return queue;
  }

  /** Lets the time pass, and what it sets off happen. */
  async function pass(milliseconds: number): Promise<void> {
    mock.timers.tick(milliseconds);
    // Work of these tests ends within a few microtasks.
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  }

  test("does once what is asked for many times", async () => {
    const done: string[] = [];
    const queue = queueOf(async (key) => void done.push(key), { settleMs: 20 });
    for (const key of ["a", "b", "a", "a"]) queue.add(key);
    await pass(19);
    deepEqual(done, []);
    await pass(1);
    deepEqual(done, ["a", "b"]);
  });

  test("does again what is asked for while it is done, and never the same at once", async () => {
    const ends: (() => void)[] = [];
    const queue = queueOf(() => new Promise<void>((resolve) => void ends.push(resolve)));
    queue.add("a");
    await pass(1);
    queue.add("a");
    queue.add("a");
    await pass(1);
    equal(ends.length, 1);
    ends[0]?.();
    await pass(0);
    await pass(1);
    equal(ends.length, 2);
    ends[1]?.();
    await pass(0);
    await pass(60_000);
    equal(ends.length, 2);
  });

  test("no more at once than it may", async () => {
    let begun = 0;
    const queue = queueOf(() => {
      begun += 1;
      return new Promise(() => {});
    });
    for (const key of ["a", "b", "c"]) queue.add(key);
    await pass(1);
    equal(begun, 2);
  });

  test("is free of waiting for its turn when nothing more comes", async () => {
    let done = 0;
    const pace = { burst: 1, spacingMs: 60_000, longestSpacingMs: 60_000, pauseMs: 250, asksPerPause: 40 };
    const work = async (): Promise<void> => {
      done += 1;
    };
    const queue = queueOf(work, { pace });
    queue.add("a");
    await pass(1);
    equal(done, 1);
    queue.add("a");
    for (let time = 0; time < 10; time += 1) {
      await pass(200);
      queue.add("a");
    }
    equal(done, 1);
    await pass(250);
    equal(done, 2);
  });

  test("goes before others where it should", async () => {
    const done: string[] = [];
    const queue = queueOf(async (key) => void done.push(key), { concurrency: 1, first: (key) => key === "c" });
    queue.pause();
    for (const key of ["a", "b", "c"]) queue.add(key);
    await pass(1);
    queue.resume();
    await pass(1);
    deepEqual(done, ["c", "a", "b"]);
  });

  test("tries again what failed, and says so", async () => {
    let attempts = 0;
    const failures: string[] = [];
    const work = async (): Promise<void> => {
      attempts += 1;
      if (attempts < 3) throw new Error("not yet");
    };
    const queue = queueOf(work, { failed: ({ key, error }) => failures.push(`${key}: ${String(error)}`) });
    queue.add("a");
    for (let second = 0; second < 5; second += 1) await pass(1_000);
    equal(attempts, 3);
    deepEqual(failures, ["a: Error: not yet", "a: Error: not yet"]);
  });

  test("waits while it is paused", async () => {
    let done = 0;
    const queue = queueOf(async () => {
      done += 1;
    });
    queue.pause();
    queue.add("a");
    await pass(1_000);
    equal(done, 0);
    queue.resume();
    await pass(0);
    equal(done, 1);
  });
});
