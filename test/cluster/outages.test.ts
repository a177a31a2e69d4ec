import { match } from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../e2e/harness/wait.ts";
import { startCluster, type TestCluster } from "./cluster.ts";
import { backend, gateway, namespace, route } from "./fixtures/shop.ts";
import { underLoad } from "./fixtures/steady-load.ts";

const machine = { skip: process.getuid?.() === 0 ? false : "not root: namespaces can't be made" };
const manifests = join(import.meta.dirname, "../../manifests/gatewright.yaml");
// Kubernetes' own clients, kube-proxy's among them, wait up to a minute before they try an API server again that was away.
const soon = (attempt: () => Promise<void>) => eventually(attempt, 120_000);

/** What a client sees while parts of the cluster are gone: nothing. */
describe("outages under load", { ...machine, timeout: 600_000 }, () => {
  let cluster: TestCluster;
  let address: string;
  const inShop = (...args: readonly string[]) => cluster.kubectl(["--namespace=shop", ...args]);
  const ofController = (...args: readonly string[]) => cluster.kubectl(["--namespace=gatewright-system", ...args]);
  const apply = (...objects: readonly object[]) =>
    cluster.kubectl(
      ["apply", "--server-side", "--force-conflicts", "-f", "-"],
      JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }),
    );

  before(async () => {
    cluster = await startCluster({ name: "outages-test", channel: "experimental" });
    await cluster.kubectl(["apply", "--server-side", "-f", manifests]);
    await apply(namespace, gateway([80]), route, ...backend);
    await inShop("rollout", "status", "deployment/web", "--timeout=60s");
    await inShop("wait", "--for=condition=Programmed", "gateway/edge", "--timeout=60s");
    address = await inShop("get", "gateway/edge", "--output=jsonpath={.status.addresses[0].value}");
  });
  after(async () => await cluster?.stop());

  /** A change reaches the proxies and the statuses: a listener on another port. */
  async function changesAreServed(port: number): Promise<void> {
    await apply(gateway([80, port]));
    await soon(async () => {
      await cluster.execute(["curl", "--silent", "--fail", "--max-time", "5", `http://${address}:${port}/`]);
    });
    await soon(async () =>
      match(
        await inShop("get", "gateway/edge", "--output=jsonpath={.status.listeners[*].name}"),
        new RegExp(`web-${port}`),
      ),
    );
  }

  test("the proxies are replaced", async () => {
    await underLoad(cluster, address, 100, async () => {
      await inShop("rollout", "restart", "deployment/edge-gatewright");
      await inShop("rollout", "status", "deployment/edge-gatewright", "--timeout=120s");
      await inShop("wait", "--for=delete", "pod", "--field-selector=status.phase=Succeeded", "--timeout=60s");
    });
  });

  test("the controller is killed", async () => {
    await underLoad(cluster, address, 100, async () => {
      await ofController(
        "delete",
        "pod",
        "--selector=app.kubernetes.io/name=gatewright",
        "--grace-period=0",
        "--force",
      );
      await ofController("rollout", "status", "deployment/gatewright", "--timeout=120s");
    });
    await changesAreServed(8081);
  });

  test("the API server is away for a minute, and with it the controllers on its machine", async () => {
    await underLoad(cluster, address, 100, async () => {
      // Elsewhere it ends by itself when it can't renew its lease, and gives nodes time when it is back. Here it elects no leader:
      // left running, the node controller would find that nodes were not heard of, and mark all their pods unready.
      await cluster.stopComponent("kube-controller-manager");
      await cluster.stopComponent("kube-apiserver");
      await delay(60_000);
      await cluster.startComponent("kube-apiserver");
      await cluster.kubectl(["wait", "--for=condition=Ready", "node", "--all", "--timeout=60s"]);
      await cluster.startComponent("kube-controller-manager");
    });
    await changesAreServed(8082);
  });
});
