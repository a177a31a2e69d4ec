import { equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { curl } from "./harness/curl.ts";
import { startExample } from "./harness/example.ts";
import { httpClient } from "./harness/http-client.ts";
import { needs } from "./harness/programs.ts";
import { countAnswers } from "./harness/split.ts";
import { assertGateway, assertRoute } from "./harness/status.ts";
import { eventually } from "./harness/wait.ts";

test("mirror", async (t) => {
  if (!needs(t, "curl")) return;
  const { gateway, received } = await startExample(t, "seeds/mirror");
  const copies = (path: string) => received.filter((echo) => echo.service === "app-v2" && echo.path === path).length;

  await t.test("v1 answers, v2 gets a copy", async () => {
    const response = await curl("http://app.example.com/once?x=1", gateway.port(80), "-d", "body");
    equal(JSON.parse(response.body).service, "app-v1");
    await eventually(() => equal(copies("/once?x=1"), 1));
  });

  await t.test("half of them are copied", async () => {
    const client = httpClient(gateway.port(80));
    const ask = async () => (await client.send({ host: "app.example.com", path: "/half" })).echo().service;
    const before = copies("/half");
    equal((await countAnswers(2000, ask))["app-v1"], 2000);
    client.close();
    // 4.5 standard deviations: it happens by chance once in 150,000 runs.
    await eventually(() =>
      ok(Math.abs(copies("/half") - before - 1000) <= 100, `${copies("/half") - before} of 2000 were copied`),
    );
  });

  await t.test("status", async () => {
    await assertGateway(gateway, "example-gateway", "default", { http: 1 });
    await assertRoute(gateway, "httproute", "mirror", "default");
  });
});
