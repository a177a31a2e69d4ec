import { deepEqual, equal, ok } from "node:assert/strict";
import { describe, test } from "node:test";
import { Pace } from "./pace.ts";
import { statusPace } from "./status-writer.ts";

const { burst, pauseMs, asksPerPause } = statusPace;

/** When it is done, if changes at these times ask for it, and pauses among them are taken: as a queue does it. */
function turns(changes: readonly number[]): readonly number[] {
  const pace = new Pace(statusPace, 0);
  const done: number[] = [];
  let due = Number.NEGATIVE_INFINITY;
  for (const [index, now] of changes.entries()) {
    const next = changes[index + 1] ?? Number.POSITIVE_INFINITY;
    pace.ask();
    if (due <= now) due = now + pace.charge(now);
    const pauseOver = now + pace.pauseMs;
    // What waits for its turn may be done in a pause before it.
    if (due > pauseOver && next > pauseOver) {
      pace.takePause(pauseOver);
      due = pauseOver;
    }
    if (due <= next) done.push(due);
  }
  return done;
}

describe("a pace", () => {
  test("is free at first, then one in two seconds", () => {
    const pace = new Pace(statusPace, 0);
    deepEqual(
      Array.from({ length: burst + 2 }, () => pace.charge(0)),
      [...Array.from({ length: burst }, () => 0), 2_000, 4_000],
    );
  });

  for (const [everyMs, seconds] of [
    [10, 10],
    [70, 70],
    [120, 120],
    [240, 240],
  ] as const) {
    test(`a thousand changes in ${seconds} s are at most 50 turns, and the last is late by a tenth of that at most`, () => {
      const changes = Array.from({ length: 1_000 }, (_, change) => change * everyMs);
      const done = turns(changes);
      ok(done.length <= 50, `${done.length} turns`);
      const late = (done.at(-1) ?? 0) - 999 * everyMs;
      ok(late <= Math.max(2_000, 100 * seconds), `${late} ms late`);
    });

    test(`the same where ten come at once and then none for a while, in ${seconds} s`, () => {
      const changes = Array.from({ length: 1_000 }, (_, change) => Math.floor(change / 10) * 10 * everyMs);
      const done = turns(changes);
      ok(done.length <= 50, `${done.length} turns`);
    });
  }

  test("is free again after a rest", () => {
    const pace = new Pace(statusPace, 0);
    for (let turn = 0; turn < 12; turn += 1) pace.charge(0);
    equal(pace.charge(60_000), 0);
  });

  test("takes a longer pause each time for the end, and after a rest the first again", () => {
    const pace = new Pace(statusPace, 0);
    const pauses = Array.from({ length: 3 }, () => {
      const needed = pace.pauseMs;
      pace.takePause(0);
      return needed;
    });
    deepEqual(pauses, [pauseMs, 1.5 * pauseMs, 2.25 * pauseMs]);
    pace.charge(60_000);
    equal(pace.pauseMs, pauseMs);
  });

  test("takes a pause as before for the end, once enough is asked for", () => {
    const pace = new Pace(statusPace, 0);
    pace.takePause(0);
    for (let ask = 0; ask < asksPerPause; ask += 1) pace.ask();
    ok(Math.abs(pace.pauseMs - pauseMs) < 1e-6, `${pace.pauseMs} ms`);
    for (let ask = 0; ask < asksPerPause; ask += 1) pace.ask();
    pace.takePause(0);
    equal(pace.pauseMs, 1.5 * pauseMs);
  });

  test("has rested when it is as free as a new one", () => {
    const pace = new Pace(statusPace, 0);
    equal(pace.hasRested(0), true);
    pace.charge(0);
    equal(pace.hasRested(statusPace.spacingMs - 1), false);
    equal(pace.hasRested(statusPace.spacingMs), true);
  });

  test("can be without bounds", () => {
    const pace = new Pace({ ...statusPace, burst: Number.POSITIVE_INFINITY }, 0);
    deepEqual([pace.charge(0), pace.charge(0)], [0, 0]);
  });
});
