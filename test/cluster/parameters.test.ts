import { deepEqual, equal, match } from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { eventually } from "../e2e/harness/wait.ts";
import { pods, proxies, untilGone } from "./fixtures/pods.ts";
import { collector, gateway, gatewayParameters } from "./fixtures/shop.ts";
import { needsRoot, type Shop, startShop } from "./fixtures/start-shop.ts";
import { underLoad } from "./fixtures/steady-load.ts";
import { layout } from "./layout.ts";

const soon = <T>(attempt: () => Promise<T>) => eventually(attempt, 90_000);

const deployment = "deployment/edge-gatewright";
const daemonSet = "daemonset/edge-gatewright";
const autoscaler = "horizontalpodautoscaler/edge-gatewright";

/** GatewayParameters and what comes of them, with the API server, controllers, scheduler and kubelet of Kubernetes. */
describe("parameters in a cluster", { ...needsRoot, timeout: 600_000 }, () => {
  let shop: Shop;
  const field = (object: string, path: string) => shop.kubectl("get", object, `--output=jsonpath={${path}}`);
  const parameters = (spec: object) => shop.cluster.apply(gatewayParameters("edge", spec));
  const rolledOut = (object: string) => shop.kubectl("rollout", "status", object, "--timeout=120s");
  const gone = (...objects: readonly string[]) => shop.kubectl("wait", "--for=delete", ...objects, "--timeout=120s");
  const container = (path: string) => field(deployment, `.spec.template.spec.containers[?(@.name=="envoy")]${path}`);
  const condition = (type: string) =>
    field("gateway/edge", `.status.conditions[?(@.type=="${type}")]['status','reason','message']`);
  const codeOf = (address: string) =>
    shop.cluster.execute([
      "curl",
      "--silent",
      "--show-error",
      "--max-time",
      "5",
      "--output",
      "/dev/null",
      "--write-out",
      "%{http_code}",
      `http://${address}/`,
    ]);

  before(async () => {
    shop = await startShop({ name: "parameters-test" });
    const parametersRef = { group: "gatewright.dev", kind: "GatewayParameters", name: "edge" };
    await parameters({});
    await shop.cluster.apply(gateway([80], { infrastructure: { parametersRef } }));
  });
  after(async () => await shop?.stop());
  afterEach(async (context) => {
    if (!("passed" in context) || context.passed) return;
    context.diagnostic(await condition("Programmed"));
    context.diagnostic(await shop.kubectl("get", "deployments,daemonsets,pods,events", "--output=wide"));
  });

  test("what others set and add stays; what is ours is put back, and goes when nobody asks for it any more", async () => {
    await parameters({
      envoy: { resources: { requests: { cpu: 1, memory: "1024Mi" } } },
      pod: { labels: { tier: "edge" } },
    });
    await soon(async () => equal(await container(".resources.requests.cpu"), "1"));
    await shop.kubectl("scale", deployment, "--replicas=2");
    await shop.kubectl("set", "env", deployment, "--containers=envoy", "BY_HAND=yes");
    await shop.kubectl("annotate", deployment, "by-hand=yes");
    const sidecar = { name: "sidecar", image: "gatewright.dev/tools:test", command: ["sleep", "infinity"] };
    const template = { spec: { containers: [sidecar] } };
    await shop.kubectl("patch", deployment, "--patch", JSON.stringify({ spec: { template } }));
    await shop.kubectl("annotate", "service/edge-gatewright", "by-hand=yes");
    await shop.kubectl("patch", "service/edge-gatewright", "--patch", '{"spec":{"sessionAffinity":"ClientIP"}}');

    await shop.kubectl("set", "image", deployment, "envoy=gatewright.dev/gatewright:other");
    await shop.kubectl("set", "resources", deployment, "--containers=envoy", "--requests=cpu=7");
    await soon(async () =>
      deepEqual(
        [await container(".image"), await container(".resources.requests.cpu")],
        ["gatewright.dev/gatewright:0.1.0", "1"],
      ),
    );
    const byHand = async () => ({
      replicas: await field(deployment, ".spec.replicas"),
      variable: await container('.env[?(@.name=="BY_HAND")].value'),
      containers: await field(deployment, ".spec.template.spec.containers[*].name"),
      annotations: await field(
        "deployment,service",
        '.items[?(@.metadata.name=="edge-gatewright")].metadata.annotations.by-hand',
      ),
      affinity: await field("service/edge-gatewright", ".spec.sessionAffinity"),
    });
    const kept = { replicas: "2", variable: "yes", annotations: "yes yes", affinity: "ClientIP" };
    const { containers, ...rest } = await byHand();
    deepEqual([containers.split(" ").sort(), rest], [["envoy", "sidecar"], kept]);

    await parameters({});
    await soon(async () => equal(await container(".resources.requests.cpu"), "100m"));
    equal(await field(deployment, ".spec.template.metadata.labels.tier"), "");
    deepEqual(await byHand(), { containers, ...kept });
    await shop.kubectl("patch", deployment, "--type=json", "--patch", JSON.stringify(await withoutSidecar()));
    await rolledOut(deployment);
  });

  /** With it, an autoscaler could not count what Envoy's container uses alone, and pods would not end at once. */
  async function withoutSidecar(): Promise<readonly object[]> {
    const names = (await field(deployment, ".spec.template.spec.containers[*].name")).split(" ");
    return [{ op: "remove", path: `/spec/template/spec/containers/${names.indexOf("sidecar")}` }];
  }

  test("an autoscaler takes over as many proxies as there are, and gives them back", async (context) => {
    await parameters({ workload: { replicas: 2 } });
    await soon(async () =>
      equal(
        await field(deployment, ".metadata.managedFields[?(@.manager=='gatewright')].fieldsV1.f:spec.f:replicas"),
        "{}",
      ),
    );
    await underLoad(context, shop, async () => {
      await parameters({
        workload: { autoscaling: { minReplicas: 2, maxReplicas: 4, cpuUtilization: 70 } },
        disruptionBudget: { minAvailable: 1 },
      });
      await soon(async () => equal(await field(autoscaler, ".spec.minReplicas"), "2"));
      // Not one: it was never given up.
      equal(await field(deployment, ".spec.replicas"), "2");
      equal(await field("poddisruptionbudget/edge-gatewright", ".spec.minAvailable"), "1");
      await parameters({ workload: { autoscaling: { minReplicas: 3, maxReplicas: 4, cpuUtilization: 70 } } });
      // Kubernetes' own controller does it, and is not contradicted.
      await soon(async () => equal(await field(deployment, ".status.readyReplicas"), "3"));
      await gone("poddisruptionbudget/edge-gatewright");
      await parameters({ workload: { replicas: 1 } });
      await gone(autoscaler);
      await soon(async () => equal(await field(deployment, ".status.replicas"), "1"));
    });
  });

  test("a DaemonSet takes the place of the Deployment, and back, and other parameters replace its pods: nothing is lost", async (context) => {
    await underLoad(context, shop, async () => {
      const old = await pods(shop.kubectl, proxies);
      await parameters({ workload: { kind: "DaemonSet" }, drain: { lameDuckSeconds: 6, seconds: 10 } });
      await gone(deployment);
      equal(await field(daemonSet, ".status.numberReady"), "1");
      await untilGone(shop.kubectl, old);
      match(await condition("Programmed"), /^True /);

      const first = await pods(shop.kubectl, proxies);
      await parameters({
        workload: { kind: "DaemonSet" },
        envoy: { logLevel: "info", componentLogLevels: { upstream: "error" } },
      });
      await untilGone(shop.kubectl, first);
      await rolledOut(daemonSet);

      await parameters({ workload: { kind: "Deployment" } });
      await gone(daemonSet);
      equal(await field(deployment, ".status.readyReplicas"), "1");
    });
  });

  test("spans go to the collector that is asked for; one that is not there, or goes, costs no request", async (context) => {
    const lines = () => shop.kubectl("logs", "deployment/collector");
    await underLoad(context, shop, async () => {
      await parameters({ tracing: { provider: { backendRef: { name: "collector", port: 4318 } } } });
      const notEnforced = () => condition("gatewright.dev/NotEnforced");
      await soon(async () => match(await notEnforced(), /There is no Service shop\/collector\./));
      await shop.cluster.apply(...collector);
      await soon(async () => match(await lines(), /^POST \/v1\/traces$/m));
      equal(await notEnforced(), "");
      await shop.kubectl("scale", "deployment/collector", "--replicas=0");
      await gone("pods", "--selector=app=collector");
    });
  });

  test("Services are as they are asked for; what the API server refuses is told, and keeps nothing else from being made", async () => {
    const service = (path: string) => field("service/edge-gatewright", path);
    await parameters({
      service: {
        externalTrafficPolicy: "Local",
        annotations: { by: "parameters" },
        nodePorts: [{ port: 80, nodePort: 30_080 }],
      },
    });
    await soon(async () => equal(await service(".spec.ports[0].nodePort"), "30080"));
    deepEqual(
      [await service(".spec.externalTrafficPolicy"), await service(".metadata.annotations.by")],
      ["Local", "parameters"],
    );
    await parameters({
      workload: { replicas: 2 },
      service: { nodePorts: [{ port: 80, nodePort: 79 }] },
    });
    await soon(async () => match(await condition("Programmed"), /^False Invalid .*nodePort: Invalid value: 79/));
    await soon(async () => equal(await field(deployment, ".status.readyReplicas"), "2"));
    await parameters({ service: { addresses: [layout.usableAddress] } });
    await soon(async () => equal(await field("gateway/edge", ".status.addresses[*].value"), layout.usableAddress));
    await soon(async () => match(await condition("Programmed"), /^True /));
    deepEqual([await service(".spec.externalTrafficPolicy"), await service(".metadata.annotations.by")], ["", ""]);
    await soon(async () => equal(await codeOf(layout.usableAddress), "200"));
  });

  test("on the network of its node, an old proxy goes before a new one comes", async () => {
    await parameters({
      workload: { kind: "DaemonSet" },
      pod: { hostNetwork: true },
      drain: { seconds: 1, lameDuckSeconds: 1 },
    });
    await gone(deployment);
    await soon(async () => equal(await codeOf(layout.nodeAddress), "200"));
    const old = await pods(shop.kubectl, proxies);
    await parameters({ workload: { kind: "DaemonSet" }, pod: { hostNetwork: true }, envoy: { logLevel: "info" } });
    await untilGone(shop.kubectl, old);
    await rolledOut(daemonSet);
    await soon(async () => equal(await codeOf(layout.nodeAddress), "200"));
    // Both would need the same ports of the node: the one goes first.
    await parameters({ workload: { replicas: 1 }, pod: { hostNetwork: true } });
    await gone(daemonSet);
    await rolledOut(deployment);
    await soon(async () => equal(await codeOf(layout.nodeAddress), "200"));
  });
});
