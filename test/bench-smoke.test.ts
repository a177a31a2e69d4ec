/**
 * "One change recomputes and sends what it touches, however much else there is": each kind of change, counted from the API server's
 * event to Envoy and back to the API server, at sizes apart. What is counted does not vary from run to run; what time it takes is
 * for `bench`.
 */
import { deepEqual } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { type CostAtSize, type CostOfChange, costsOfChanges, flatCost } from "../bench/harness/change-costs.ts";
import type { Cost } from "../bench/harness/counted-cluster.ts";

const sizes = [10, 1_000];
const golden = join(import.meta.dirname, "bench-smoke.expected.json");

/** Without bytes, which follow from what Envoy is told and not from how much is recomputed. */
function counts({ change }: CostOfChange, atSize: CostAtSize): Omit<Cost, "bytes"> {
  const { bytes: _, ...others } = flatCost(change, atSize);
  return others;
}

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
      costs.flatMap((cost) => cost.atSizes.slice(0, 1).map((atSize) => [cost.change.kind, counts(cost, atSize)])),
    );
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(golden, `${JSON.stringify(actual, undefined, 2)}\n`);
    deepEqual(actual, JSON.parse(readFileSync(golden, "utf8")));
  });
});
