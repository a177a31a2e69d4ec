import { equal, match, notEqual } from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../e2e/harness/wait.ts";
import { signalPod } from "./fixtures/pod-processes.ts";
import { controllers, pods, proxies, untilGone } from "./fixtures/pods.ts";
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

  /** A change is written about: a listener on another port. */
  async function changeIsTold(port: number): Promise<void> {
    await shop.cluster.apply(gateway([80, port]));
    await soon(async () =>
      match(
        await shop.kubectl("get", "gateway/edge", "--output=jsonpath={.status.listeners[*].name}"),
        new RegExp(`web-${port}`),
      ),
    );
  }

  /** And it reaches the proxies. */
  async function changeIsServed(port: number): Promise<void> {
    await changeIsTold(port);
    await soon(async () => {
      await shop.cluster.execute(["curl", "--silent", "--fail", "--max-time", "5", `http://${shop.address}:${port}/`]);
    });
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
    const [pod = ""] = await pods(shop.controllerKubectl, controllers);
    const state = "{.status.containerStatuses[0].restartCount} {.status.containerStatuses[0].ready}";
    const isRestarted = async (times: number) =>
      equal(await shop.controllerKubectl("get", pod, `--output=jsonpath=${state}`), `${times} true`);
    await isRestarted(0);
    await underLoad(context, shop, async () => {
      signalPod(pod.replace("pod/", ""), "SIGKILL");
      await soon(() => isRestarted(1));
    });
    await changeIsServed(8081);
  });

  test("the replica that leads hangs, and another one takes over", async (context) => {
    const leader = () => shop.controllerKubectl("get", "lease/gatewright", "--output=jsonpath={.spec.holderIdentity}");
    await shop.controllerKubectl("scale", "deployment/gatewright", "--replicas=2");
    await shop.controllerKubectl("rollout", "status", "deployment/gatewright", "--timeout=120s");
    const first = await leader();
    await underLoad(context, shop, async () => {
      signalPod(first, "SIGSTOP");
      // What changes while nobody leads is not forgotten.
      await changeIsTold(8082);
      const second = await leader();
      notEqual(second, first);
      signalPod(first, "SIGCONT");
      await soon(async () => match(await shop.controllerKubectl("logs", `pod/${first}`), /not leading any more/));
      await changeIsServed(8083);
      equal(await leader(), second);
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
    await changeIsServed(8084);
  });
});
