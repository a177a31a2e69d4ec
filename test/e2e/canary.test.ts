import { equal } from "node:assert/strict";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { connectTo, curl } from "./harness/curl.ts";
import { startExample } from "./harness/example.ts";
import { httpClient } from "./harness/http-client.ts";
import { needs, run } from "./harness/programs.ts";
import { assertShares, assertSplit, countNames } from "./harness/split.ts";
import { assertGateway, assertRoute } from "./harness/status.ts";
import { eventually } from "./harness/wait.ts";

test("canary", async (t) => {
  if (!needs(t, "curl")) return;
  const { gateway, folder } = await startExample(t, "seeds/canary");
  const port = gateway.port(80);
  const client = httpClient(port);
  t.after(() => client.close());
  const ask = (host: string) => async () => (await client.send({ host })).echo().service;

  await t.test("90/10, by one curl with all requests", async () => {
    await assertShares({ "app-v1": 0.9, "app-v2": 0.1 }, async (count) => {
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

  await t.test("80/20", () => assertSplit({ "frontend-v1": 0.8, "frontend-v2": 0.2 }, ask("example.com")));

  await t.test("weight 0 gets nothing", () => assertSplit({ "app-v2": 1 }, ask("done.example.com")));

  for (const [v1, v2] of [
    [70, 30],
    [50, 50],
    [0, 100],
  ] as const) {
    await t.test(`edited to ${v1}/${v2} while it runs`, async () => {
      const file = join(folder, "routes.yaml");
      const text = await readFile(file, "utf8");
      const marker = `x-step: ${v1}/${v2}`;
      let index = 0;
      const edited = text.replaceAll(/(?<=app-v[12]\n +port: 8080\n +weight: )\d+/g, (old) => {
        index++;
        return index === 1 ? String(v1) : index === 2 ? String(v2) : old;
      });
      await writeFile(`${file}.new`, `# ${marker}\n${edited}`);
      await rename(`${file}.new`, file);
      await eventually(async () => {
        const route = JSON.stringify(await gateway.get("httproute", "canary-deployment"));
        equal(route.includes(`"weight":${v1}`) && route.includes(`"weight":${v2}`), true);
      });
      await eventually(() => assertSplit({ "app-v1": v1 / 100, "app-v2": v2 / 100 }, ask("app.example.com")));
    });
  }

  await t.test("status", async () => {
    equal((await curl("http://app.example.com/", port)).status, 200);
    await assertGateway(gateway, "example-gateway", "default", { http: 3 });
    for (const name of ["canary-deployment", "canary-route", "rolled-out"])
      await assertRoute(gateway, "httproute", name, "default");
  });
});
