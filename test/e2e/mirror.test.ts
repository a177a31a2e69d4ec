import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { curl } from "./harness/curl.ts";
import { startExample } from "./harness/example.ts";
import { httpClient } from "./harness/http-client.ts";
import { needs } from "./harness/programs.ts";
import { assertShares, countAnswers } from "./harness/split.ts";
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

  await t.test("half of them are copied", async (inner) => {
    const client = httpClient(gateway.port(80));
    inner.after(() => client.close());
    const ask = (path: string) => async () => (await client.send({ host: "app.example.com", path })).echo().service;
    let sample = 0;
    await assertShares(inner, { copied: 0.5, "not copied": 0.5 }, async (count) => {
      const path = `/half/${++sample}`;
      deepEqual(await countAnswers(count, ask(path)), { "app-v1": count });
      // A copy may arrive after the answer. When copies of requests that came later are there on every connection, it is, too.
      const last = `/last/${sample}`;
      await countAnswers(64, ask(last));
      await eventually(() => equal(copies(last), 64));
      return { copied: copies(path), "not copied": count - copies(path) };
    });
  });

  await t.test("status", async () => {
    await assertGateway(gateway, "example-gateway", "default", { http: 1 });
    await assertRoute(gateway, "httproute", "mirror", "default");
  });
});
