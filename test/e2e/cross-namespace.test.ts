import { equal, match } from "node:assert/strict";
import { test } from "node:test";
import { curl } from "./harness/curl.ts";
import { startExample } from "./harness/example.ts";
import { needs } from "./harness/programs.ts";
import { assertGateway, assertRoute } from "./harness/status.ts";

test("cross-namespace routing", async (t) => {
  if (!needs(t, "curl")) return;
  const { gateway, caFile } = await startExample(t, "seeds/cross-namespace");

  for (const [url, expected] of [
    ["http://example.com/", "frontend"],
    ["http://example.com/api/x", "api"],
    ["http://example.com/private", 500],
    ["http://sandbox.example.com/", 404],
    ["https://example.com/api", "api"],
  ] as const) {
    await t.test(`${url} → ${expected}`, async () => {
      const port = gateway.port(url.startsWith("https") ? 443 : 80);
      const response = await curl(url, port, "--cacert", caFile);
      equal(response.status === 200 ? JSON.parse(response.body).service : response.status, expected, response.stderr);
    });
  }

  await t.test("status: the Gateway serves the labelled namespace only", async () => {
    await assertGateway(gateway, "main-gateway", "infra", { http: 1, https: 1 });
  });

  await t.test("status: a reference without a grant is named", async () => {
    const conditions = await assertRoute(gateway, "httproute", "frontend-route", "apps", { ResolvedRefs: "False" });
    const refused = conditions.find(({ type }) => type === "ResolvedRefs");
    equal(refused?.reason, "RefNotPermitted");
    match(refused?.message ?? "", /secrets.*vault|vault.*secrets/);
  });

  await t.test("status: a label on the route opens nothing", async () => {
    const conditions = await assertRoute(gateway, "httproute", "my-app-route", "sandbox", { Accepted: "False" });
    const refused = conditions.find(({ type }) => type === "Accepted");
    equal(refused?.reason, "NotAllowedByListeners");
    match(refused?.message ?? "", /sandbox/);
  });
});
