import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Admission } from "./admission.ts";
import { FakeClock } from "./testing/fake-clock.ts";

test("so many start at a time, in the order in which they came; who takes long does not keep up the others", async () => {
  const clock = new FakeClock();
  const admission = new Admission(() => 2, 1_000, clock);
  const started: string[] = [];
  const [first, , third, fourth] = ["a", "b", "c", "d", "e"].map((name) =>
    admission.enter("", () => started.push(name)),
  );
  deepEqual(started, ["a", "b"]);
  first?.();
  first?.();
  await turn();
  deepEqual(started, ["a", "b", "c"]);
  // One that is gone before its turn comes.
  fourth?.();
  clock.advance(1_000);
  await turn();
  deepEqual(started, ["a", "b", "c", "e"]);
  third?.();
  await turn();
  admission.enter("", () => started.push("f"));
  deepEqual(started, ["a", "b", "c", "e", "f"]);
});

test("a client that comes often keeps up itself alone", async () => {
  const admission = new Admission(() => 3, 1_000, new FakeClock());
  const started: string[] = [];
  const enter = (client: string, name: string): (() => void) => admission.enter(client, () => started.push(name));
  const [one, two, three] = ["1", "2", "3", "4", "5"].map((name) => enter("often", `often ${name}`));
  enter("seldom", "seldom 1");
  enter("other", "other 1");
  one?.();
  await turn();
  two?.();
  await turn();
  three?.();
  await turn();
  deepEqual(started, ["often 1", "often 2", "often 3", "seldom 1", "other 1", "often 4"]);
});
