import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import type { HealthCheck, OutlierDetection } from "../ir/cluster.ts";
import { testHosts } from "./testing/hosts.ts";
import { backend, forward, prefix, rule, to } from "./testing/ir.ts";

/** Longer than any test runs. */
const hour = 3_600_000;

/** Nothing listens on the discard port: connections to it are refused. */
const nobody = 9;

function outliers(counted: Partial<OutlierDetection>): { outlierDetection: OutlierDetection } {
  return {
    outlierDetection: {
      consecutive5xxErrors: 0,
      consecutiveGatewayErrors: 0,
      intervalMilliseconds: hour,
      baseEjectionMilliseconds: hour,
      maxEjectionMilliseconds: hour,
      maxEjectionPercent: 50,
      ...counted,
    },
  };
}

const asked: HealthCheck = {
  path: "/ready?deep",
  hostname: "checked.shop",
  expectedStatuses: [200, 204],
  intervalMilliseconds: 100,
  timeoutMilliseconds: 1_000,
  unhealthyThreshold: 1,
  healthyThreshold: 1,
};

const names = ["refused", "failing", "checked", "calls", "down"];
const hosts = testHosts();
hosts.add((port) => [
  backend("refused", [port("one"), nobody], { health: outliers({ consecutive5xxErrors: 3 }) }),
  backend("failing", [port("one"), port("two")], { health: outliers({ consecutiveGatewayErrors: 2 }) }),
  backend("checked", [port("one"), nobody], { health: { healthCheck: asked } }),
  backend("calls", [port("h2")], { protocol: "HTTP/2", health: { healthCheck: { ...asked, hostname: "calls.shop" } } }),
  backend("down", [port("one")], { health: { healthCheck: { ...asked, expectedStatuses: [204] } } }),
]);
const get = hosts.serve("health.test", [
  ...names.map((name) => rule({ match: prefix(`/${name}`), action: forward([to(name)]) })),
  rule({ match: prefix("/again"), action: forward([to("refused")]) }),
]);

/** The statuses of requests, one after the other. */
async function statusesOf(path: string, requests: number, answer = "200"): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (let index = 0; index < requests; index++) {
    statuses.push((await get({ path, headers: { "x-answer": answer } })).status);
  }
  return statuses;
}

test("an endpoint that refuses connections fails as often as is allowed, on all routes together", async () => {
  const statuses: number[] = [];
  for (let round = 0; round < 40; round++) {
    statuses.push(...(await statusesOf("/refused", 1)), ...(await statusesOf("/again", 1)));
  }
  equal(statuses.filter((status) => status === 503).length, 3);
  deepEqual(new Set(statuses.slice(40)), new Set([200]));
});

test("gateway errors alone are counted where that is asked for, and half of the endpoints stay", async () => {
  const seenBy = (name: string) => hosts.backend(name).seen.filter(({ path }) => path === "/failing").length;
  const shares = async (answer: string) => {
    const before = [seenBy("one"), seenBy("two")];
    await statusesOf("/failing", 30, answer);
    return [seenBy("one"), seenBy("two")].map((count, index) => count - (before[index] ?? 0));
  };
  equal(
    (await shares("500")).every((share) => share > 0),
    true,
  );
  await shares("503");
  deepEqual(new Set(await shares("200")), new Set([0, 30]));
});

test("an endpoint that does not pass its check gets no request", async () => {
  deepEqual(new Set(await statusesOf("/checked", 30)), new Set([200]));
});

test("checks have their path and Host, in the version of HTTP that the backend speaks", async () => {
  await statusesOf("/calls", 1);
  const checks = (name: string) => hosts.backend(name).seen.find(({ path }) => path === asked.path);
  equal(checks("one")?.headers.host, "checked.shop");
  equal(checks("h2")?.headers[":authority"], "calls.shop");
});

test("where no endpoint passes, all get requests", async () => {
  deepEqual(await statusesOf("/down", 3), [200, 200, 200]);
});
