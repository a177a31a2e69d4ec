import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually } from "../e2e/harness/wait.ts";
import { startCluster, type TestCluster } from "./cluster.ts";
import { backend, gateway, namespace, route } from "./fixtures/shop.ts";
import { layout } from "./layout.ts";

const machine = { skip: process.getuid?.() === 0 ? false : "not root: namespaces can't be made" };
/** The machine may be busy with other things. */
const soon = (attempt: () => Promise<void>) => eventually(attempt, 60_000);
const manifests = join(import.meta.dirname, "../../manifests/gatewright.yaml");

describe("Gatewright in a cluster", { ...machine, timeout: 480_000 }, () => {
  let cluster: TestCluster;
  const kubectl = (...args: readonly string[]) => cluster.kubectl(args);
  const inShop = (...args: readonly string[]) => cluster.kubectl(["--namespace=shop", ...args]);
  const apply = (...objects: readonly object[]) =>
    cluster.kubectl(
      ["apply", "--server-side", "--force-conflicts", "-f", "-"],
      JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }),
    );
  const field = (object: string, path: string) => inShop("get", object, `--output=jsonpath={${path}}`);
  const programmed = () => inShop("wait", "--for=condition=Programmed", "gateway/edge", "--timeout=60s");
  const get = (address: string, port = 80) =>
    cluster.execute(["curl", "--silent", "--show-error", "--fail", "--max-time", "5", `http://${address}:${port}/`]);
  /** Every version of everything of ours in the namespace. */
  const versions = async () =>
    await inShop(
      "get",
      "gateway,httproute,service,configmap,secret,serviceaccount",
      "--output=jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{'\\n'}{end}",
    );

  before(async () => {
    cluster = await startCluster({ name: "controller-test", channel: "experimental" });
    await kubectl("apply", "--server-side", "-f", manifests);
    await apply(namespace, gateway([80]), route, ...backend);
    await inShop("rollout", "status", "deployment/web", "--timeout=60s");
    await programmed();
  });
  after(async () => await cluster?.stop());

  test("a Gateway gets an address and serves its routes there", async () => {
    const address = await field("gateway/edge", ".status.addresses[0].value");
    match(await get(address), /^web-/);
    match(await inShop("get", "gateway"), new RegExp(`edge +gatewright +${address} +True`));
    match(await kubectl("get", "gatewayclass"), /gatewright +gatewright.dev\/gateway-controller +True/);
    match(await inShop("events", "--for=gateway/edge"), /Normal +Programmed/);
  });

  test("a controller that starts again writes nothing in an unchanged world, and traffic goes on", async () => {
    const address = await field("gateway/edge", ".status.addresses[0].value");
    const known = await versions();
    await kubectl("--namespace=gatewright-system", "rollout", "restart", "deployment/gatewright");
    await kubectl("--namespace=gatewright-system", "rollout", "status", "deployment/gatewright", "--timeout=60s");
    match(await get(address), /^web-/);
    // Another Gateway shows that it leads, and has written what it had to.
    const probe = { ...gateway([8081]), metadata: { name: "probe", namespace: "shop" } };
    await apply(probe);
    await inShop("wait", "--for=condition=Programmed", "gateway/probe", "--timeout=60s");
    deepEqual(
      (await versions()).split("\n").filter((line) => !known.includes(line) && !line.includes("/probe")),
      [],
    );
    await inShop("delete", "gateway/probe");
  });

  test("a listener that is added is served at the same address, by the same pods", async () => {
    const address = await field("gateway/edge", ".status.addresses[0].value");
    const pods = () => inShop("get", "pods", "--selector=gateway.networking.k8s.io/gateway-name=edge", "--output=name");
    const running = await pods();
    await apply(gateway([80, 8081]));
    await soon(async () => match(await get(address, 8081), /^web-/));
    equal(await pods(), running);
  });

  test("what somebody changes or deletes of a Gateway's objects is put back; what is somebody else's is left alone", async () => {
    await inShop("label", "service/edge-gatewright", "app.kubernetes.io/component=other", "--overwrite");
    await inShop("delete", "serviceaccount/edge-gatewright");
    await soon(async () =>
      equal(await field("service/edge-gatewright", ".metadata.labels.app\\.kubernetes\\.io/component"), "proxy"),
    );
    await soon(async () => equal(await field("serviceaccount/edge-gatewright", ".kind"), "ServiceAccount"));

    const foreign = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "second-gatewright", namespace: "shop" },
      data: { whose: "mine" },
    };
    const second = { ...gateway([80]), metadata: { name: "second", namespace: "shop" } };
    await apply(foreign, second);
    await soon(async () =>
      match(
        await field("gateway/second", '.status.conditions[?(@.type=="Programmed")].message'),
        /ConfigMap shop\/second-gatewright exists and does not belong to this Gateway/,
      ),
    );
    deepEqual(JSON.parse(await field("configmap/second-gatewright", ".data")), { whose: "mine" });
    await inShop("delete", "gateway/second");
    await inShop("wait", "--for=delete", "service/second-gatewright", "--timeout=60s");
    equal(await field("configmap/second-gatewright", ".data.whose"), "mine");
  });

  test("addresses that are asked for, and parameters, are given or refused in words", async () => {
    const usable = { type: "IPAddress", value: layout.usableAddress };
    await apply(gateway([80], { addresses: [usable, { type: "IPAddress", value: layout.unusableAddress }] }));
    await soon(async () =>
      match(
        await field("gateway/edge", '.status.conditions[?(@.type=="Programmed")].message'),
        new RegExp(`No load balancer has given ${layout.unusableAddress} to Service edge-gatewright-`),
      ),
    );
    await apply(gateway([80], { addresses: [usable] }));
    await programmed();
    equal(await field("gateway/edge", ".status.addresses[*].value"), layout.usableAddress);
    match(await get(layout.usableAddress), /^web-/);

    const parameters = (replicas: string) => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "proxies", namespace: "shop" },
      data: { replicas },
    });
    const parametersRef = { group: "", kind: "ConfigMap", name: "proxies" };
    await apply(parameters("two"), gateway([80], { infrastructure: { parametersRef } }));
    await soon(async () =>
      match(
        await field("gateway/edge", '.status.conditions[?(@.type=="Accepted")].message'),
        /data.replicas is "two", and should be a whole number/,
      ),
    );
    await apply(parameters("2"));
    await soon(async () => equal(await field("deployment/edge-gatewright", ".status.readyReplicas"), "2"));
    await programmed();
  });

  test("a proxy has the certificate of its own Gateway only", async () => {
    const secret = await field("secret/edge-gatewright", ".data.tls\\.crt");
    notEqual(secret, "");
    const certificate = Buffer.from(secret, "base64").toString("utf8");
    const text = await cluster.execute(["openssl", "x509", "-noout", "-ext", "subjectAltName"], { input: certificate });
    match(text, /URI:spiffe:\/\/gatewright.dev\/proxy\/shop\/edge/);
  });

  test("with its Gateway, everything goes", async () => {
    await inShop("delete", "gateway/edge");
    await inShop("wait", "--for=delete", "deployment/edge-gatewright", "service/edge-gatewright", "--timeout=60s");
  });
});
