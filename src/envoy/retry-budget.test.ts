import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import type { RetryBudget } from "../ir/cluster.ts";
import { testHosts } from "./testing/hosts.ts";
import { backend, forward, prefix, rule, to } from "./testing/ir.ts";

const hour = 3_600_000;

/** Nothing leaves the windows while a test runs. */
function budget(percent: number, count: number): RetryBudget {
  return { percent, intervalMilliseconds: hour, minimum: { count, intervalMilliseconds: hour } };
}

const hosts = testHosts();
hosts.add((port) => [
  backend("fifth", [port("one")], { retryBudget: budget(20, 2) }),
  backend("none", [port("one")], { retryBudget: budget(0, 0) }),
  backend("all", [port("one")], { retryBudget: budget(100, 0) }),
  backend("brief", [port("one")], {
    retryBudget: { percent: 0, intervalMilliseconds: hour, minimum: { count: 1, intervalMilliseconds: 100 } },
  }),
  backend("calls", [port("h2")], { protocol: "HTTP/2", retryBudget: budget(0, 0) }),
]);

const retry = { codes: [500], attempts: 1, backoffMilliseconds: 1 };
const get = hosts.serve(
  "budget.test",
  ["fifth", "none", "all", "brief", "calls"].map((name) =>
    rule({ match: prefix(`/${name}`), action: forward([to(name)], { retry }) }),
  ),
);

/** Asks a backend that fails, one request after the other: what clients get, and how often it is asked. */
async function ask(path: string, requests: number, answer = "500") {
  const { seen } = hosts.backend(path.startsWith("/calls") ? "h2" : "one");
  const statuses: number[] = [];
  const tries: number[] = [];
  for (let request = 0; request < requests; request++) {
    const before = seen.length;
    statuses.push((await get({ path, headers: { "x-answer": answer } })).status);
    tries.push(seen.length - before);
  }
  return { statuses, tries };
}

test("retries end where the budget does, and what is not retried any more is answered with 503", async () => {
  const { statuses, tries } = await ask("/fifth", 20);
  // Two are always let through; after that, every fifth try may be a retry.
  const expected = Array.from({ length: 20 }, () => 0);
  let retried = 0;
  let tried = 0;
  for (const index of expected.keys()) {
    tried += 1;
    const allowed = retried < 2 || (retried + 1) * 5 <= tried + 1;
    if (allowed) {
      retried += 1;
      tried += 1;
    }
    expected[index] = allowed ? 2 : 1;
  }
  deepEqual(tries, expected);
  equal(retried, 5);
  deepEqual(
    statuses,
    expected.map((each) => (each === 2 ? 500 : 503)),
  );
});

test("a budget of nothing", async () => {
  deepEqual(await ask("/none", 2), { statuses: [503, 503], tries: [1, 1] });
  deepEqual(await ask("/none", 2, "404"), { statuses: [404, 404], tries: [1, 1] });
  deepEqual(await ask("/none", 1, "200"), { statuses: [200], tries: [1] });
});

test("a budget of everything", async () => {
  deepEqual(await ask("/all", 3), { statuses: [500, 500, 500], tries: [2, 2, 2] });
});

test("a rate comes back with time", async () => {
  const asked = async () => (await ask("/brief", 1)).tries[0];
  equal(await asked(), 2);
  // On a slow machine the rate may be back before it is used up.
  let tried = await asked();
  for (let attempt = 0; attempt < 10_000 && tried === 1; attempt++) tried = await asked();
  equal(tried, 2);
});

test("over HTTP/2", async () => {
  deepEqual(await ask("/calls", 2), { statuses: [503, 503], tries: [1, 1] });
});
