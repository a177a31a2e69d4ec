import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { curl } from "./harness/curl.ts";
import { startExample } from "./harness/example.ts";
import { httpClient } from "./harness/http-client.ts";
import { needs } from "./harness/programs.ts";
import { assertSplit } from "./harness/split.ts";
import { assertGateway, assertRoute } from "./harness/status.ts";

test("quickstart", async (t) => {
  if (!needs(t, "curl")) return;
  const { gateway, loopback } = await startExample(t, "quickstart");
  const port = gateway.port(8080);

  await t.test("the shop's pages and API", async () => {
    const page = await curl("http://shop.localhost:8080/cart", port);
    equal(page.status, 200);
    const { service, method, path, host } = JSON.parse(page.body);
    deepEqual(
      { service, method, path, host },
      { service: "shop-web", method: "GET", path: "/cart", host: "shop.localhost:8080" },
    );
    equal(JSON.parse((await curl("http://shop.localhost:8080/api/items", port)).body).service, "shop-api");
  });

  await t.test("both endpoints of the API get requests", async () => {
    const client = httpClient(port);
    const pods = new Set<string>();
    for (let index = 0; index < 50; index++)
      pods.add((await client.send({ host: "shop.localhost", path: "/api" })).echo().pod);
    client.close();
    deepEqual([...pods].sort(), [`shop-api-${loopback}.1:9002`, `shop-api-${loopback}.1:9003`]);
  });

  await t.test("a header previews the new blog, and one of ten sees it anyway", async (inner) => {
    equal(
      JSON.parse((await curl("http://blog.localhost:8080/", port, "-H", "x-preview: yes")).body).service,
      "blog-v2",
    );
    const client = httpClient(port);
    await assertSplit(
      inner,
      { "blog-v1": 0.9, "blog-v2": 0.1 },
      async () => (await client.send({ host: "blog.localhost" })).echo().service,
    );
    client.close();
  });

  await t.test("a host that nobody serves is 404", async () => {
    equal((await curl("http://other.localhost:8080/", port)).status, 404);
  });

  await t.test("status", async () => {
    await assertGateway(gateway, "quickstart", "default", { http: 2 });
    await assertRoute(gateway, "httproute", "shop", "default");
    await assertRoute(gateway, "httproute", "blog", "default");
  });
});
