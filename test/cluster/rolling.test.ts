import { ok } from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, type TestContext, test } from "node:test";
import { startCluster, type TestCluster } from "./cluster.ts";
import { drainingBackend, gateway, namespace, route } from "./fixtures/shop.ts";
import { underLoad } from "./fixtures/steady-load.ts";

const machine = { skip: process.getuid?.() === 0 ? false : "not root: namespaces can't be made" };
const manifests = join(import.meta.dirname, "../../manifests/gatewright.yaml");
/** REQUESTS_PER_SECOND=1000 is what a release is measured by, on a machine with nothing else to do. */
const requestsPerSecond = Number(process.env["REQUESTS_PER_SECOND"] ?? 300);

/** Pods drain: they are told to end, leave the EndpointSlice, and take requests for some seconds more. */
describe("backends come and go under load", { ...machine, timeout: 540_000 }, () => {
  let cluster: TestCluster;
  let address: string;
  const inShop = (...args: readonly string[]) => cluster.kubectl(["--namespace=shop", ...args]);
  const apply = (...objects: readonly object[]) =>
    cluster.kubectl(
      ["apply", "--server-side", "--force-conflicts", "-f", "-"],
      JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }),
    );
  const rolledOut = (name: string) => inShop("rollout", "status", `deployment/${name}`, "--timeout=120s");
  const pods = async (app: string) => (await inShop("get", "pods", `--selector=app=${app}`, "--output=name")).trim();
  /** Those that were told to end have ended. */
  const gone = (app: string, names: string) => {
    const ended = names.split("\n").filter((name) => name !== "");
    return inShop("wait", "--for=delete", ...ended, "--timeout=120s").then(async () => ok((await pods(app)) !== names));
  };
  const loaded = async (context: TestContext, happens: () => Promise<void>) => {
    const started = performance.now();
    const sent = await underLoad(cluster, address, requestsPerSecond, happens);
    const seconds = (performance.now() - started) / 1000;
    context.diagnostic(`${sent} requests, ${Math.round(sent / seconds)} per second, none lost`);
  };

  before(async () => {
    cluster = await startCluster({ name: "rolling-test", channel: "experimental" });
    await cluster.kubectl(["apply", "--server-side", "-f", manifests]);
    await apply(namespace, gateway([80]), route, ...drainingBackend("web", 2));
    await rolledOut("web");
    await inShop("wait", "--for=condition=Programmed", "gateway/edge", "--timeout=60s");
    address = await inShop("get", "gateway/edge", "--output=jsonpath={.status.addresses[0].value}");
  });
  after(async () => await cluster?.stop());

  test("all pods are replaced", async (context) => {
    await loaded(context, async () => {
      const old = await pods("web");
      await inShop("rollout", "restart", "deployment/web");
      await rolledOut("web");
      await gone("web", old);
    });
  });

  test("more pods, and fewer", async (context) => {
    await loaded(context, async () => {
      await inShop("scale", "deployment/web", "--replicas=5");
      await rolledOut("web");
      const many = await pods("web");
      await inShop("scale", "deployment/web", "--replicas=1");
      await rolledOut("web");
      const [kept] = (
        await inShop(
          "get",
          "pods",
          "--selector=app=web",
          "--output=go-template={{range .items}}{{if not .metadata.deletionTimestamp}}pod/{{.metadata.name}}\n{{end}}{{end}}",
        )
      )
        .trim()
        .split("\n");
      await gone(
        "web",
        many
          .split("\n")
          .filter((name) => name !== kept)
          .join("\n"),
      );
    });
  });

  test("pods are deleted, one of two each time", async (context) => {
    await inShop("scale", "deployment/web", "--replicas=2");
    await rolledOut("web");
    await loaded(context, async () => {
      for (let round = 0; round < 2; round += 1) {
        const [pod = ""] = (await pods("web")).split("\n");
        await inShop("delete", pod);
        await rolledOut("web");
      }
    });
  });

  test("the route goes to another Service, and the first is deleted with its pods", async (context) => {
    await apply(...drainingBackend("other", 2));
    await rolledOut("other");
    await loaded(context, async () => {
      const old = await pods("web");
      await apply({ ...route, spec: { ...route.spec, rules: [{ backendRefs: [{ name: "other", port: 80 }] }] } });
      // The route's status names the version of it that is served.
      await inShop("wait", "--for=jsonpath={.status.parents[0].conditions[0].observedGeneration}=2", "httproute/shop");
      await inShop("delete", "service/web", "deployment/web");
      await gone("web", old);
    });
  });
});
