import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import { testHosts } from "./testing/hosts.ts";
import { forward, rule, to } from "./testing/ir.ts";

const hosts = testHosts();

describe("timeouts and retries", () => {
  const slow = hosts.serve("slow.test", [
    rule({ action: forward([to("one")], { timeouts: { requestMilliseconds: 50 } }) }),
  ]);
  test("a request that takes too long is 504", async () =>
    equal((await slow({ headers: { "x-silence": "1" } })).status, 504));

  const attempt = hosts.serve("attempt.test", [
    rule({ action: forward([to("one")], { timeouts: { requestMilliseconds: 0, backendRequestMilliseconds: 50 } }) }),
  ]);
  test("so is a try that takes too long, without retries", async () => {
    equal((await attempt({ headers: { "x-silence": "1" } })).status, 504);
  });

  const retrying = hosts.serve("retrying.test", [
    rule({ action: forward([to("one")], { retry: { codes: [503], attempts: 2, backoffMilliseconds: 1 } }) }),
  ]);
  test("a code that is named is tried again", async () => {
    const before = hosts.backend("one").seen.length;
    const { status } = await retrying({ headers: { "x-answer": "503", "x-answer-once": "retrying" } });
    deepEqual([status, hosts.backend("one").seen.length - before], [200, 2]);
  });
  test("as often as it says", async () => {
    const before = hosts.backend("one").seen.length;
    const { status } = await retrying({ headers: { "x-answer": "503" } });
    deepEqual([status, hosts.backend("one").seen.length - before], [503, 3]);
  });
  test("another code is not", async () => {
    const before = hosts.backend("one").seen.length;
    const { status } = await retrying({ headers: { "x-answer": "502" } });
    deepEqual([status, hosts.backend("one").seen.length - before], [502, 1]);
  });

  const trying = hosts.serve("trying.test", [
    rule({
      action: forward([to("one")], {
        timeouts: { backendRequestMilliseconds: 50 },
        retry: { codes: [], attempts: 1, backoffMilliseconds: 1 },
      }),
    }),
  ]);
  test("a try that takes too long is tried again", async () => {
    const before = hosts.backend("one").seen.length;
    const { status } = await trying({ headers: { "x-silence": "1" } });
    deepEqual([status, hosts.backend("one").seen.length - before], [504, 2]);
  });

  const plain = hosts.serve("plain.test", [rule({ action: forward([to("one")]) })]);
  test("nothing is retried unasked", async () => {
    const before = hosts.backend("one").seen.length;
    const { status } = await plain({ headers: { "x-answer": "503" } });
    deepEqual([status, hosts.backend("one").seen.length - before], [503, 1]);
  });
  test("a client can't ask for it", async () => {
    const before = hosts.backend("one").seen.length;
    const headers = { "x-answer": "503", "x-envoy-max-retries": "3", "x-envoy-retry-on": "5xx" };
    const { status } = await plain({ headers });
    deepEqual([status, hosts.backend("one").seen.length - before], [503, 1]);
  });
});
