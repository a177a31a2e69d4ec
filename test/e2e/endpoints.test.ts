import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { curl } from "./harness/curl.ts";
import { startExample } from "./harness/example.ts";
import { httpClient } from "./harness/http-client.ts";
import { needs } from "./harness/programs.ts";
import { assertGateway, assertRoute } from "./harness/status.ts";

test("endpoints from EndpointSlices and Endpoints", async (t) => {
  if (!needs(t, "curl")) return;
  const { gateway, loopback, received } = await startExample(t, "seeds/endpoints");
  const port = gateway.port(80);

  for (const [path, status] of [
    ["/slices", 200],
    ["/endpoints", 200],
    ["/empty", 503],
    ["/unknown", 500],
  ] as const) {
    await t.test(`${path} is ${status}`, async () =>
      equal((await curl(`http://example.com${path}`, port)).status, status),
    );
  }

  await t.test("only ready endpoints get requests", async () => {
    const client = httpClient(port);
    for (let index = 0; index < 60; index++) {
      await client.send({ host: "example.com", path: "/slices" });
      await client.send({ host: "example.com", path: "/endpoints" });
    }
    client.close();
    const pods = [...new Set(received.map(({ pod }) => pod))].sort();
    deepEqual(pods, [`my-service-${loopback}.1:7142`, `sliced-${loopback}.1:7141`, `sliced-${loopback}.2:7141`]);
  });

  await t.test("status", async () => {
    await assertGateway(gateway, "example-gateway", "default", { http: 1 });
    const conditions = await assertRoute(gateway, "httproute", "endpoints", "default", { ResolvedRefs: "False" });
    equal(conditions.find(({ type }) => type === "ResolvedRefs")?.reason, "BackendNotFound");
  });
});
