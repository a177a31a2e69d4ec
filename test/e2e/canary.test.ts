import { equal } from "node:assert/strict";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { connectTo, curl } from "./harness/curl.ts";
import { startExample } from "./harness/example.ts";
import { httpClient } from "./harness/http-client.ts";
import { needs, run } from "./harness/programs.ts";
import { assertShares, assertSplit, countNames } from "./harness/split.ts";
import { assertGateway, assertRoute } from "./harness/status.ts";
import { stepFilter, whenServing } from "./harness/steps.ts";

test("canary", async (t) => {
  if (!needs(t, "curl")) return;
  const { gateway, folder } = await startExample(t, "seeds/canary");
  const port = gateway.port(80);
  const client = httpClient(port);
  t.after(() => client.close());
  const ask = (host: string) => async () => (await client.send({ host })).echo().service;

  await t.test("90/10, by one curl with all requests", async (inner) => {
    await assertShares(inner, { "app-v1": 0.9, "app-v2": 0.1 }, async (count) => {
      const url = `http://app.example.com/[1-${count}]`;
      const { stdout } = await run("curl", [
        "--silent",
        "--noproxy",
        "*",
        ...connectTo(new URL("/", url).href, port),
        url,
      ]);
      return countNames(
        stdout
          .trim()
          .split("\n")
          .map((line): string => JSON.parse(line).service),
      );
    });
  });

  await t.test("80/20", (inner) => assertSplit(inner, { "frontend-v1": 0.8, "frontend-v2": 0.2 }, ask("example.com")));

  await t.test("weight 0 gets nothing", (inner) => assertSplit(inner, { "app-v2": 1 }, ask("done.example.com")));

  for (const [v1, v2] of [
    [70, 30],
    [50, 50],
    [0, 100],
  ] as const) {
    await t.test(`edited to ${v1}/${v2} while it runs`, async (inner) => {
      const file = join(folder, "routes.yaml");
      const [route = "", ...others] = parseAllDocuments(await readFile(file, "utf8"));
      if (typeof route === "string") throw new Error(`${file} is empty`);
      const step = `${v1}-${v2}`;
      route.setIn(["spec", "rules", 0, "filters"], [stepFilter(step)]);
      for (const [index, weight] of [v1, v2].entries())
        route.setIn(["spec", "rules", 0, "backendRefs", index, "weight"], weight);
      await writeFile(`${file}.new`, [route, ...others].map(String).join(""));
      await rename(`${file}.new`, file);

      const askStep = await whenServing(client, "app.example.com", step);
      await assertSplit(inner, { "app-v1": v1 / 100, "app-v2": v2 / 100 }, async () => (await askStep()).service);
    });
  }

  await t.test("status", async () => {
    equal((await curl("http://app.example.com/", port)).status, 200);
    await assertGateway(gateway, "example-gateway", "default", { http: 3 });
    for (const name of ["canary-deployment", "canary-route", "rolled-out"])
      await assertRoute(gateway, "httproute", name, "default");
  });
});
