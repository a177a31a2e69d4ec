import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { curl } from "./harness/curl.ts";
import { startExample } from "./harness/example.ts";
import { httpClient } from "./harness/http-client.ts";
import { needs } from "./harness/programs.ts";
import { assertSplit } from "./harness/split.ts";
import { assertGateway, assertRoute } from "./harness/status.ts";

test("path rewrite", async (t) => {
  if (!needs(t, "curl")) return;
  const { gateway } = await startExample(t, "seeds/path-rewrite");

  for (const [path, expected] of [
    ["/api/v1/users", "api api.example.com /api/users"],
    ["/api/v1/users?page=2", "api api.example.com /api/users?page=2"],
    ["/api/v1", "api api.example.com /api"],
    ["/api/v1/", "api api.example.com /api/"],
    ["/strip/a/b", "api api.example.com /a/b"],
    ["/strip", "api api.example.com /"],
    ["/strip?x=1", "api api.example.com /?x=1"],
    ["/legacy/report?year=2026", "reports reports.internal /reports/current?year=2026"],
  ] as const) {
    await t.test(`${path} → ${expected}`, async () => {
      const response = await curl(`http://api.example.com${path}`, gateway.port(80));
      equal(response.status, 200);
      const { service, host, path: received } = JSON.parse(response.body);
      equal(`${service} ${host} ${received}`, expected);
    });
  }

  await t.test("/api/v10 is no element of /api/v1", async () => {
    equal((await curl("http://api.example.com/api/v10", gateway.port(80))).status, 404);
  });

  await t.test("status", async () => {
    await assertGateway(gateway, "example-gateway", "default", { http: 1 });
    await assertRoute(gateway, "httproute", "prefix-rewrite", "default");
  });
});

test("header modification", async (t) => {
  if (!needs(t, "curl")) return;
  const { gateway } = await startExample(t, "seeds/header-modification");
  const url = "http://api.example.com/v1/items?version=stable";

  await t.test("requests are told the version, and lose X-Debug", async () => {
    const response = await curl(
      url,
      gateway.port(80),
      "-H",
      "X-API-Version: fake",
      "-H",
      "X-Debug: 1",
      "-H",
      "X-Tag: mine",
    );
    equal(response.status, 200);
    const { headers } = JSON.parse(response.body);
    equal(headers["x-api-version"], "v1-stable");
    equal(headers["x-debug"], undefined);
    deepEqual([headers["x-tag"]].flat().join(",").replaceAll(" ", "").split(","), ["mine", "gatewright"]);
  });

  await t.test("responses get headers, and lose X-Backend", async () => {
    const { headers } = await curl(url, gateway.port(80));
    equal(headers["cache-control"], "no-store");
    equal(headers["x-served-by"], "gatewright");
    equal(headers["x-backend"], undefined);
  });

  await t.test("10 % reach the canary, and only those say so", async (inner) => {
    const client = httpClient(gateway.port(80));
    await assertSplit(inner, { "api-v1-service undefined": 0.9, "api-v1-canary-service true": 0.1 }, async () => {
      const { service, headers } = (await client.send({ host: "api.example.com", path: "/v1/?version=stable" })).echo();
      return `${service} ${String(headers["x-canary"])}`;
    });
    client.close();
  });

  for (const [path, status] of [
    ["/v1/items", 200],
    ["/v1", 200],
    ["/v2/items?version=stable", 200],
    ["/v2/items?version=beta", 404],
    ["/v10/items", 404],
  ] as const) {
    await t.test(`${path} is ${status}`, async () => {
      equal((await curl(`http://api.example.com${path}`, gateway.port(80))).status, status);
    });
  }

  await t.test("status", async () => {
    await assertGateway(gateway, "example-gateway", "default", { http: 1 });
    await assertRoute(gateway, "httproute", "api-routes", "default");
  });
});
