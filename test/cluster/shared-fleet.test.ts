import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually } from "../e2e/harness/wait.ts";
import { startCluster, type TestCluster } from "./cluster.ts";
import { controllers, pods, untilGone } from "./fixtures/pods.ts";
import { backend, gateway, route } from "./fixtures/shop.ts";
import { installGatewright, needsRoot } from "./fixtures/start-shop.ts";
import { underLoad } from "./fixtures/steady-load.ts";

const fleet = "gatewright.dev/fleet=shared";
const services = "app.kubernetes.io/managed-by=gatewright";
const soon = <Result>(attempt: () => Promise<Result>) => eventually(attempt, 60_000);

/** The same team again, in a namespace of its own. */
function inNamespace(namespace: string, objects: readonly object[]): readonly object[] {
  return JSON.parse(JSON.stringify(objects).replaceAll('"namespace":"shop"', `"namespace":"${namespace}"`));
}

const shared = { gatewayClassName: "shared" };
const third = [
  { ...gateway([80], shared), metadata: { name: "third", namespace: "shop" } },
  {
    ...route,
    metadata: { name: "third", namespace: "shop" },
    spec: { ...route.spec, parentRefs: [{ name: "third" }] },
  },
];
const parameters = {
  apiVersion: "gatewright.dev/v1alpha1",
  kind: "GatewayParameters",
  metadata: { name: "shared", namespace: "infra" },
  spec: { sharedFleet: true, accessLogs: [{}], workload: { replicas: 2 }, drain: { seconds: 10 } },
};
const gatewayClass = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "GatewayClass",
  metadata: { name: "shared" },
  spec: {
    controllerName: "gatewright.dev/gateway-controller",
    parametersRef: { group: "gatewright.dev", kind: "GatewayParameters", namespace: "infra", name: "shared" },
  },
};

describe("one fleet of proxies for all Gateways of a class", { ...needsRoot, timeout: 480_000 }, () => {
  let cluster: TestCluster;
  let address = "";
  const kubectlOf =
    (namespace: string) =>
    (...args: readonly string[]) =>
      cluster.kubectl([`--namespace=${namespace}`, ...args]);
  const infra = kubectlOf("infra");
  const shop = kubectlOf("shop");
  const other = kubectlOf("other");
  const controller = kubectlOf("gatewright-system");
  const addressOf = async (kubectl: typeof shop, name: string) => {
    await kubectl("wait", "--for=condition=Programmed", `gateway/${name}`, "--timeout=120s");
    return await kubectl("get", `gateway/${name}`, "--output=jsonpath={.status.addresses[0].value}");
  };
  const get = (host: string) =>
    cluster.execute(["curl", "--silent", "--show-error", "--fail", "--max-time", "5", `http://${host}/`]);
  const loaded = (context: Parameters<typeof underLoad>[0], happens: () => Promise<void>) =>
    underLoad(context, { cluster, address }, happens);
  const restartController = async () => {
    await controller("rollout", "restart", "deployment/gatewright");
    await controller("rollout", "status", "deployment/gatewright", "--timeout=120s");
  };
  const serviceOf = async (name: string) =>
    await infra(
      "get",
      "services",
      `--selector=${services},gateway.networking.k8s.io/gateway-name=${name}`,
      "--output=name",
    );

  before(async () => {
    cluster = await startCluster({ name: "shared-fleet-test", channel: "experimental" });
    const namespaces = ["infra", "shop", "other"].map((name) => ({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name },
    }));
    await cluster.apply(...namespaces, ...backend, ...inNamespace("other", backend));
    await installGatewright(cluster);
    await cluster.apply(parameters, gatewayClass);
    const gateways = [gateway([80], shared), route];
    await cluster.apply(...gateways, ...inNamespace("other", gateways));
    await shop("rollout", "status", "deployment/web", "--timeout=60s");
    await other("rollout", "status", "deployment/web", "--timeout=60s");
    address = await addressOf(shop, "edge");
  });
  after(async () => await cluster?.stop());

  test("two Gateways with the same port are told apart by their addresses, on the same pods", async () => {
    const elsewhere = await addressOf(other, "edge");
    notEqual(elsewhere, address);
    for (const [kubectl, host] of [
      [shop, address],
      [other, elsewhere],
    ] as const) {
      const body = await soon(() => get(host));
      ok((await pods(kubectl, "app=web")).includes(`pod/${body}`), `${body} is not a pod of its namespace`);
    }
    await soon(async () => {
      const logs = await infra("logs", `--selector=${fleet}`, "--container=envoy", "--tail=-1");
      for (const namespace of ["shop", "other"]) {
        const line = logs.split("\n").find((each) => each.includes(`"gateway":"${namespace}/edge"`)) ?? "{}";
        const { backend: served, rule } = JSON.parse(line);
        deepEqual([served, rule], [`Service/${namespace}/web/80/http1`, `HTTPRoute/${namespace}/shop/0`]);
      }
    });
    const workloads = await cluster.kubectl([
      "get",
      "deployments,daemonsets",
      "-A",
      `--selector=${services}`,
      "--output=name",
    ]);
    deepEqual(workloads.trim().split("\n"), ["deployment.apps/shared-proxies"]);
    equal((await pods(infra, fleet)).length, 2);
    match(await shop("get", "services,secrets,configmaps", `--selector=${services}`, "--output=name"), /^$/);
  });

  test("Gateways come and go without a pod being replaced, or a request of another being lost", async (context) => {
    const running = await pods(infra, fleet);
    await loaded(context, async () => {
      await other("delete", "gateway/edge");
      await soon(async () => equal((await infra("get", "services", "--output=name")).trim().split("\n").length, 1));
      await cluster.apply(...third);
      const joined = await addressOf(shop, "third");
      await soon(async () => match(await get(joined), /^web-/));
    });
    deepEqual(await pods(infra, fleet), running);
  });

  test("a controller that starts again finds every Gateway where it was", async (context) => {
    const ports = () =>
      infra("get", "services", "--output=jsonpath={range .items[*]}{.spec.ports[*].targetPort} {end}");
    const known = await ports();
    await loaded(context, async () => {
      await restartController();
      await cluster.apply(...inNamespace("other", [gateway([80], shared)]));
      await addressOf(other, "edge");
    });
    const now = (await ports()).split(" ");
    for (const port of known.trim().split(" "))
      ok(now.includes(port), `${port} of ${known} is not among ${now.join(" ")}`);
  });

  test("parameters that are lost take nothing away, even from a controller that starts without them", async (context) => {
    await loaded(context, async () => {
      await infra("delete", "gatewayparameters/shared");
      await cluster.kubectl(["wait", "--for=condition=Accepted=False", "gatewayclass/shared", "--timeout=60s"]);
      const old = await pods(controller, controllers);
      await restartController();
      await untilGone(controller, old);
      equal(await addressOf(shop, "edge"), address);
      await cluster.apply(parameters);
      await cluster.kubectl(["wait", "--for=condition=Accepted", "gatewayclass/shared", "--timeout=60s"]);
    });
    equal((await pods(infra, fleet)).length, 2);
  });

  test("what a Gateway was given is gone after it, even if nobody was there to see it go", async () => {
    const running = await pods(controller, controllers);
    await controller("scale", "deployment/gatewright", "--replicas=0");
    await untilGone(controller, running);
    await shop("delete", "gateway/third");
    match(await serviceOf("third"), /^service\/third-shop-shared-/);
    await controller("scale", "deployment/gatewright", "--replicas=1");
    await soon(async () => equal(await serviceOf("third"), ""));
    match(await get(address), /^web-/);
  });

  test("a Gateway may not say how proxies are that it shares", async () => {
    await cluster.apply(
      { ...parameters, metadata: { name: "own", namespace: "shop" }, spec: { workload: { replicas: 5 } } },
      gateway([80], {
        ...shared,
        infrastructure: { parametersRef: { group: "gatewright.dev", kind: "GatewayParameters", name: "own" } },
      }),
    );
    await shop("wait", "--for=condition=Accepted=False", "gateway/edge", "--timeout=60s");
    match(
      await shop("get", "gateway/edge", "--output=jsonpath={.status.conditions[?(@.type=='Accepted')].message}"),
      /spec.workload is about proxies, and all Gateways of the class share theirs/,
    );
    match(await get(address), /^web-/);
  });
});
