import { deepEqual, equal, ok } from "node:assert/strict";
import { describe, test } from "node:test";
import { Pace } from "./pace.ts";

const options = { burst: 10, spacingMs: 2_000, longestSpacingMs: 10_000, pauseMs: 250 };

/** When it is done, if each change asks for it that isn't waited for already. */
function turns(changes: number, everyMs: number): readonly number[] {
  const pace = new Pace(options, 0);
  const done: number[] = [];
  for (let change = 0; change < changes; change += 1) {
    const now = change * everyMs;
    if (now >= (done.at(-1) ?? 0)) done.push(now + pace.charge(now));
  }
  return done;
}

describe("a pace", () => {
  test("is free at first, then one in two seconds", () => {
    const pace = new Pace(options, 0);
    deepEqual(
      Array.from({ length: 12 }, () => pace.charge(0)),
      [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2_000, 4_000],
    );
  });

  for (const [everyMs, seconds] of [
    [10, 10],
    [70, 70],
    [120, 120],
    [240, 240],
  ] as const) {
    test(`a thousand changes in ${seconds} s are at most 50 turns, and the last is late by a tenth of that at most`, () => {
      const done = turns(1_000, everyMs);
      ok(done.length <= 50, `${done.length} turns`);
      const late = (done.at(-1) ?? 0) - 999 * everyMs;
      ok(late <= Math.max(2_000, 100 * seconds), `${late} ms late`);
    });
  }

  test("is free again after a rest", () => {
    const pace = new Pace(options, 0);
    for (let turn = 0; turn < 12; turn += 1) pace.charge(0);
    equal(pace.charge(60_000), 0);
  });

  test("lets pauses be used, ten times, and then waits no longer than without", () => {
    const pace = new Pace(options, 0);
    for (let turn = 0; turn < 10; turn += 1) pace.charge(0);
    for (let pause = 0; pause < 10; pause += 1) {
      equal(pace.charge(0), 2_000);
      equal(pace.takePause(0), true);
    }
    equal(pace.charge(0), 2_000);
    equal(pace.takePause(0), false);
  });

  test("can be without bounds", () => {
    const pace = new Pace({ ...options, burst: Number.POSITIVE_INFINITY }, 0);
    deepEqual([pace.charge(0), pace.charge(0)], [0, 0]);
  });
});
