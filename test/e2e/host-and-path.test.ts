import { equal } from "node:assert/strict";
import { test } from "node:test";
import { curl } from "./harness/curl.ts";
import { startExample } from "./harness/example.ts";
import { needs } from "./harness/programs.ts";
import { assertGateway, assertRoute } from "./harness/status.ts";

test("host and path routing", async (t) => {
  if (!needs(t, "curl")) return;
  const { gateway } = await startExample(t, "seeds/host-and-path");
  const port = gateway.port(80);

  for (const [url, expected] of [
    ["http://example.com/", "frontend"],
    ["http://example.com/about?api=1", "frontend"],
    ["http://example.com/api", "api"],
    ["http://example.com/api/", "api"],
    ["http://example.com/api/users?page=2", "api"],
    ["http://example.com/apis", "frontend"],
    ["http://admin.example.com/api", "admin"],
    ["http://ADMIN.example.com/", "admin"],
    ["http://app.example.com/api/x", "backend-api"],
    ["http://app.example.com/web", "web"],
    ["http://app.example.com/other", 404],
    ["http://eu.regions.example.com/health", "admin"],
    ["http://a.b.regions.example.com/api/v2/users/kim/orders", "users"],
    ["http://eu.regions.example.com/api/v2/users/", 404],
    ["http://eu.regions.example.com/health/deep", 404],
    ["http://regions.example.com/health", 404],
    ["http://unknown.example.org/app/x", "app-service"],
    ["http://unknown.example.org/", 404],
    ["http://app.example.com/app", 404],
  ] as const) {
    await t.test(`${url} → ${expected}`, async () => {
      const response = await curl(url, port);
      equal(response.status === 200 ? JSON.parse(response.body).service : response.status, expected);
    });
  }

  await t.test("status", async () => {
    await assertGateway(gateway, "example-gateway", "default", { http: 5 });
    for (const name of ["main", "admin", "path-based-routing", "regions", "example-route"])
      await assertRoute(gateway, "httproute", name, "default");
  });
});
