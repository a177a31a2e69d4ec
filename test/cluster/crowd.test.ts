import { deepEqual, equal } from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually } from "../e2e/harness/wait.ts";
import { hostile } from "./fixtures/hostile-objects.ts";
import { gateway } from "./fixtures/shop.ts";
import { needsRoot, type Shop, startShop } from "./fixtures/start-shop.ts";
import { underLoad } from "./fixtures/steady-load.ts";
import { changeOfShopIsServed, lives } from "./fixtures/unharmed.ts";

/** `CROWD=1000` for fewer. Most of the time is the API server's, which checks each route by the rules of its definition. */
const count = Number(process.env["CROWD"] ?? 10_000);

describe("a tenant with very many routes", { ...needsRoot, timeout: 590_000 }, () => {
  let shop: Shop;

  before(async () => {
    shop = await startShop({ name: "crowd-test" });
    await shop.cluster.apply(
      { apiVersion: "v1", kind: "Namespace", metadata: { name: "mallory" } },
      hostile("v1", "Service", "nobody", { spec: { ports: [{ port: 80 }] } }),
      gateway([], {
        listeners: [{ name: "web-80", port: 80, protocol: "HTTP", allowedRoutes: { namespaces: { from: "All" } } }],
      }),
    );
  });
  after(async () => await shop?.stop());

  test("keeps nobody else from a change, and costs nobody a request", async (context) => {
    const lived = await lives(shop);
    const started = performance.now();
    const seconds = () => Math.round((performance.now() - started) / 1000);
    await underLoad(context, shop, async () => {
      const script = join(import.meta.dirname, "fixtures/flood.ts");
      let over = false;
      const flood = shop.cluster.execute([process.execPath, script, "mallory", String(count)]).finally(() => {
        over = true;
      });
      const begun = `httproute/flood-${Math.floor(count / 10)}`;
      const isUnderWay = shop.cluster.kubectl(["--namespace=mallory", "wait", "--for=create", begun, "--timeout=180s"]);
      await Promise.race([flood, isUnderWay]);
      await changeOfShopIsServed(context, shop, "meanwhile");
      equal(over, false, "the change was served while routes were written");
      await flood;
      context.diagnostic(`${count} routes are written after ${seconds()} s`);
      await changeOfShopIsServed(context, shop, "afterwards");
      const last = `host: flood-${count - 1}.mallory.example.com`;
      const code = ["--output", "/dev/null", "--write-out", "%{http_code}"];
      const ask = ["curl", "--silent", "--max-time", "10", ...code, "--header", last, `http://${shop.address}/`];
      await eventually(async () => equal(await shop.cluster.execute(ask), "503"), 120_000);
      context.diagnostic(`and the last is served after ${seconds()} s`);
    });
    deepEqual(await lives(shop), lived);
  });
});
