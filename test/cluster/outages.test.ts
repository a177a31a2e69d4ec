import { match, notEqual } from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../e2e/harness/wait.ts";
import { controllers, pods, proxies, untilGone, untilReplaced } from "./fixtures/pods.ts";
import { gateway } from "./fixtures/shop.ts";
import { needsRoot, type Shop, startShop } from "./fixtures/start-shop.ts";
import { underLoad } from "./fixtures/steady-load.ts";

// Kubernetes' own clients, kube-proxy's among them, wait up to a minute before they try an API server again that was away.
const soon = (attempt: () => Promise<void>) => eventually(attempt, 120_000);

/** What a client sees while parts of the cluster are gone: nothing. */
describe("outages under load", { ...needsRoot, timeout: 600_000 }, () => {
  let shop: Shop;

  before(async () => {
    shop = await startShop({ name: "outages-test" });
  });
  after(async () => await shop?.stop());

  /** A change reaches the proxies and the statuses: a listener on another port. */
  async function changesAreServed(port: number): Promise<void> {
    await shop.cluster.apply(gateway([80, port]));
    await soon(async () => {
      await shop.cluster.execute(["curl", "--silent", "--fail", "--max-time", "5", `http://${shop.address}:${port}/`]);
    });
    await soon(async () =>
      match(
        await shop.kubectl("get", "gateway/edge", "--output=jsonpath={.status.listeners[*].name}"),
        new RegExp(`web-${port}`),
      ),
    );
  }

  test("the proxies are replaced", async (context) => {
    await underLoad(context, shop, async () => {
      const old = await pods(shop.kubectl, proxies);
      await shop.kubectl("rollout", "restart", "deployment/edge-gatewright");
      await shop.kubectl("rollout", "status", "deployment/edge-gatewright", "--timeout=120s");
      await untilGone(shop.kubectl, old);
    });
  });

  test("the controller is killed", async (context) => {
    await underLoad(context, shop, async () => {
      const old = await pods(shop.controllerKubectl, controllers);
      await shop.controllerKubectl("delete", ...old, "--grace-period=0", "--force");
      await untilReplaced(shop.controllerKubectl, controllers, old);
    });
    await changesAreServed(8081);
  });

  test("the replica that leads is killed, and the other one takes over", async (context) => {
    const leader = () => shop.controllerKubectl("get", "lease/gatewright", "--output=jsonpath={.spec.holderIdentity}");
    await shop.controllerKubectl("scale", "deployment/gatewright", "--replicas=2");
    await shop.controllerKubectl("rollout", "status", "deployment/gatewright", "--timeout=120s");
    await underLoad(context, shop, async () => {
      const killed = await leader();
      await shop.controllerKubectl("delete", `pod/${killed}`, "--grace-period=0", "--force");
      // What changes while nobody leads is not forgotten.
      await changesAreServed(8083);
      notEqual(await leader(), killed);
    });
    await shop.controllerKubectl("scale", "deployment/gatewright", "--replicas=1");
  });

  test("the API server is away for a minute, and with it the controllers on its machine", async (context) => {
    await underLoad(context, shop, async () => {
      // Elsewhere it ends by itself when it can't renew its lease, and gives nodes time when it is back. Here it elects no leader:
      // left running, the node controller would find that nodes were not heard of, and mark all their pods unready.
      await shop.cluster.stopComponent("kube-controller-manager");
      await shop.cluster.stopComponent("kube-apiserver");
      await delay(60_000);
      await shop.cluster.startComponent("kube-apiserver");
      await shop.cluster.kubectl(["wait", "--for=condition=Ready", "node", "--all", "--timeout=60s"]);
      await shop.cluster.startComponent("kube-controller-manager");
    });
    await changesAreServed(8082);
  });
});
