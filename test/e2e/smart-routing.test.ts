import { equal } from "node:assert/strict";
import { test } from "node:test";
import { curl } from "./harness/curl.ts";
import { startExample } from "./harness/example.ts";
import { httpClient } from "./harness/http-client.ts";
import { needs } from "./harness/programs.ts";
import { assertSplit } from "./harness/split.ts";
import { assertGateway, assertRoute } from "./harness/status.ts";

test("header, query and method routing", async (t) => {
  if (!needs(t, "curl")) return;
  const { gateway } = await startExample(t, "seeds/smart-routing");
  const port = gateway.port(80);

  for (const [url, args, expected] of [
    ["http://shop.example.com/cart", ["-H", "X-Customer-Type: VIP"], "premium-service"],
    ["http://shop.example.com/cart", ["-H", "x-customer-type: VIP"], "premium-service"],
    ["http://orders.example.com/orders/1", [], "read-service"],
    ["http://orders.example.com/orders", ["-X", "POST", "-d", "{}"], "write-service"],
    ["http://orders.example.com/orders/1", ["-X", "PUT"], "write-service"],
    ["http://orders.example.com/orders/1", ["-X", "DELETE"], "write-service"],
    ["http://orders.example.com/orders/1", ["-X", "PATCH"], 404],
    ["http://app.example.com/", ["-H", "X-Version: v2"], "app-v2"],
    ["http://app.example.com/", ["-H", "x-version: beta"], "app-beta"],
    ["http://app.example.com/", ["-H", "X-Version: V2"], "app-v1"],
    ["http://app.example.com/", [], "app-v1"],
    ["http://search.example.com/?q=shoes&version=stable", [], "search-stable"],
    ["http://search.example.com/?version=stable2", [], 404],
    ["http://search.example.com/?version=v12-beta", ["-H", "X-Version: v2"], "search-beta"],
    ["http://search.example.com/?version=v12-beta", [], 404],
    ["http://search.example.com/?version=v12-beta2", ["-H", "X-Version: v2"], 404],
  ] as const) {
    await t.test(`${args.join(" ")} ${url} → ${expected}`, async () => {
      const response = await curl(url, port, ...args);
      equal(response.status === 200 ? JSON.parse(response.body).service : response.status, expected);
    });
  }

  await t.test("whoever is no VIP: 90 % standard, 10 % new", async (inner) => {
    const client = httpClient(port);
    await assertSplit(inner, { "standard-service": 0.9, "new-version-service": 0.1 }, async () => {
      return (await client.send({ host: "shop.example.com", headers: { "x-customer-type": "guest" } })).echo().service;
    });
    client.close();
  });

  await t.test("status", async () => {
    await assertGateway(gateway, "example-gateway", "default", { http: 4 });
    for (const name of ["smart-routing", "read-write", "by-query", "header-based-routing"])
      await assertRoute(gateway, "httproute", name, "default");
  });
});
