import { equal } from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import { pods, untilGone } from "./fixtures/pods.ts";
import { drainingBackend, route } from "./fixtures/shop.ts";
import { needsRoot, type Shop, startShop } from "./fixtures/start-shop.ts";
import { underLoad } from "./fixtures/steady-load.ts";

/** What two cores with nothing else to do can hold. */
const requestsPerSecond = Number(process.env["REQUESTS_PER_SECOND"] ?? 1_000);

/** Pods drain: they are told to end, leave the EndpointSlice, and take requests for some seconds more. */
describe("backends come and go under load", { ...needsRoot, timeout: 540_000 }, () => {
  let shop: Shop;
  const rolledOut = (name: string) => shop.kubectl("rollout", "status", `deployment/${name}`, "--timeout=120s");
  const loaded = (context: TestContext, happens: () => Promise<void>) =>
    underLoad(context, shop, happens, requestsPerSecond);

  before(async () => {
    shop = await startShop({ name: "rolling-test", web: drainingBackend("web", 2) });
  });
  after(async () => await shop?.stop());

  test("all pods are replaced", async (context) => {
    await loaded(context, async () => {
      const old = await pods(shop.kubectl, "app=web");
      await shop.kubectl("rollout", "restart", "deployment/web");
      await rolledOut("web");
      await untilGone(shop.kubectl, old);
    });
  });

  test("more pods, and fewer", async (context) => {
    await loaded(context, async () => {
      await shop.kubectl("scale", "deployment/web", "--replicas=5");
      await rolledOut("web");
      const many = await pods(shop.kubectl, "app=web");
      await shop.kubectl("scale", "deployment/web", "--replicas=1");
      await rolledOut("web");
      const kept = await pods(shop.kubectl, "app=web");
      equal(kept.length, 1);
      await untilGone(
        shop.kubectl,
        many.filter((name) => !kept.includes(name)),
      );
    });
  });

  test("pods are deleted, one of two each time", async (context) => {
    await shop.kubectl("scale", "deployment/web", "--replicas=2");
    await rolledOut("web");
    await loaded(context, async () => {
      for (let round = 0; round < 2; round += 1) {
        const [pod = ""] = await pods(shop.kubectl, "app=web");
        await shop.kubectl("delete", pod);
        await rolledOut("web");
      }
    });
  });

  test("the route goes to another Service, and the first is deleted with its pods", async (context) => {
    await shop.cluster.apply(...drainingBackend("other", 2));
    await rolledOut("other");
    await loaded(context, async () => {
      const old = await pods(shop.kubectl, "app=web");
      await shop.cluster.apply({
        ...route,
        spec: { ...route.spec, rules: [{ backendRefs: [{ name: "other", port: 80 }] }] },
      });
      // The route's status names the version of it that is served.
      await shop.kubectl(
        "wait",
        "--for=jsonpath={.status.parents[0].conditions[0].observedGeneration}=2",
        "httproute/shop",
      );
      await shop.kubectl("delete", "service/web", "deployment/web");
      await untilGone(shop.kubectl, old);
    });
  });
});
