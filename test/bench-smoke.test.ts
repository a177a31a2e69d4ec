/**
 * "One change recomputes and sends what it touches, however much else there is": each kind of change, counted from the API server's
 * event to Envoy and back to the API server, at sizes apart. What is counted does not vary from run to run; what time it takes is
 * for `bench`.
 */
import { deepEqual } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { type CostOfChange, costsOfChanges, flatCost } from "../bench/harness/change-costs.ts";

const sizes = [10, 1_000];
const golden = join(import.meta.dirname, "bench-smoke.expected.json");

describe("what one change costs", { timeout: 300_000 }, () => {
  let costs: readonly CostOfChange[] = [];
  before(async () => {
    costs = await costsOfChanges(sizes);
  });

  test(`is the same among ${sizes.join(" and ")} routes`, () => {
    for (const cost of costs) {
      const [few, many] = cost.atSizes.map((atSize) => flatCost(cost.change, atSize));
      deepEqual(many, few, cost.change.kind);
    }
  });

  test("is what it was: bench-smoke.expected.json", () => {
    const actual = Object.fromEntries(
      costs.flatMap(({ change, atSizes }) =>
        atSizes.slice(0, 1).map((atSize) => [change.kind, flatCost(change, atSize)]),
      ),
    );
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(golden, `${JSON.stringify(actual, undefined, 2)}\n`);
    deepEqual(actual, JSON.parse(readFileSync(golden, "utf8")));
  });
});
