import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { eventually } from "../e2e/harness/wait.ts";
import { agedCertificate } from "./fixtures/aged-certificate.ts";
import { controllers, pods, proxies, untilReplaced } from "./fixtures/pods.ts";
import { gateway, gatewayParameters } from "./fixtures/shop.ts";
import { needsRoot, type Shop, startShop } from "./fixtures/start-shop.ts";
import { underLoad } from "./fixtures/steady-load.ts";
import { layout } from "./layout.ts";

/** The machine may be busy with other things. */
const soon = (attempt: () => Promise<void>) => eventually(attempt, 60_000);

describe("Gatewright in a cluster", { ...needsRoot, timeout: 480_000 }, () => {
  let shop: Shop;
  const field = (object: string, path: string) => shop.kubectl("get", object, `--output=jsonpath={${path}}`);
  const programmed = () => shop.kubectl("wait", "--for=condition=Programmed", "gateway/edge", "--timeout=60s");
  const get = (address: string, port = 80) =>
    shop.cluster.execute([
      "curl",
      "--silent",
      "--show-error",
      "--fail",
      "--max-time",
      "5",
      `http://${address}:${port}/`,
    ]);
  /** Every version of everything of ours in the namespace. */
  const versions = async () =>
    await shop.kubectl(
      "get",
      "gateway,httproute,service,configmap,secret,serviceaccount",
      "--output=jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.resourceVersion}{'\\n'}{end}",
    );

  before(async () => {
    shop = await startShop({ name: "controller-test" });
  });
  after(async () => await shop?.stop());

  test("a Gateway gets an address and serves its routes there", async () => {
    match(await get(shop.address), /^web-/);
    match(await shop.kubectl("get", "gateway"), new RegExp(`edge +gatewright +${shop.address} +True`));
    match(await shop.kubectl("get", "gatewayclass"), /gatewright +gatewright.dev\/gateway-controller +True/);
    match(await shop.kubectl("events", "--for=gateway/edge"), /Normal +Programmed/);
  });

  test("a controller that starts again writes nothing in an unchanged world, and traffic goes on", async () => {
    const known = await versions();
    await shop.controllerKubectl("rollout", "restart", "deployment/gatewright");
    await shop.controllerKubectl("rollout", "status", "deployment/gatewright", "--timeout=60s");
    match(await get(shop.address), /^web-/);
    // Another Gateway shows that it leads, and has written what it had to.
    const probe = { ...gateway([8081]), metadata: { name: "probe", namespace: "shop" } };
    await shop.cluster.apply(probe);
    await shop.kubectl("wait", "--for=condition=Programmed", "gateway/probe", "--timeout=60s");
    deepEqual(
      (await versions()).split("\n").filter((line) => !known.includes(line) && !line.includes("/probe")),
      [],
    );
    await shop.kubectl("delete", "gateway/probe");
  });

  test("a listener that is added is served at the same address, by the same pods", async () => {
    const running = await pods(shop.kubectl, proxies);
    await shop.cluster.apply(gateway([80, 8081]));
    await soon(async () => match(await get(shop.address, 8081), /^web-/));
    deepEqual(await pods(shop.kubectl, proxies), running);
  });

  test("an authority past the half of its life is succeeded, and proxies that run go on", async (context) => {
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const text = (data: string) => Buffer.from(data, "base64").toString("utf8");
    const running = await pods(shop.kubectl, proxies);
    const authority = JSON.parse(
      await shop.controllerKubectl("get", "secret/gatewright-authority", "--output=jsonpath={.data}"),
    );
    const aged = await agedCertificate({ certificate: text(authority["tls.crt"]), key: text(authority["tls.key"]) });
    const certificateOfProxies = () => field("secret/edge-gatewright", ".data.tls\\.crt");
    const first = await certificateOfProxies();
    await underLoad(context, shop, async () => {
      const data = { "tls.crt": base64(aged), "ca.crt": base64(aged) };
      await shop.controllerKubectl("patch", "secret/gatewright-authority", `--patch=${JSON.stringify({ data })}`);
      // Else it would look within an hour.
      const old = await pods(shop.controllerKubectl, controllers);
      await shop.controllerKubectl("delete", ...old);
      await untilReplaced(shop.controllerKubectl, controllers, old);
      await soon(async () => notEqual(await certificateOfProxies(), first));
      const { serialNumber } = new X509Certificate(text(await certificateOfProxies()));
      const admin = ["curl", "--silent", "--unix-socket", "/run/gatewright/admin.sock", "http://localhost/certs"];
      await soon(async () =>
        match(
          await shop.kubectl("exec", ...running, "--", ...admin),
          new RegExp(`"serial_number": "0*${serialNumber.replace(/^0+/, "")}"`, "i"),
        ),
      );
      await shop.cluster.apply(gateway([80, 8081, 8082]));
      await soon(async () => match(await get(shop.address, 8082), /^web-/));
    });
    deepEqual(await pods(shop.kubectl, proxies), running);
  });

  test("what somebody changes or deletes of a Gateway's objects is put back; what is somebody else's is left alone", async () => {
    await shop.kubectl("label", "service/edge-gatewright", "app.kubernetes.io/component=other", "--overwrite");
    await shop.kubectl("delete", "serviceaccount/edge-gatewright");
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
    await shop.cluster.apply(foreign, second);
    await soon(async () =>
      match(
        await field("gateway/second", '.status.conditions[?(@.type=="Programmed")].message'),
        /ConfigMap shop\/second-gatewright exists and does not belong to this Gateway/,
      ),
    );
    deepEqual(JSON.parse(await field("configmap/second-gatewright", ".data")), { whose: "mine" });
    await shop.kubectl("delete", "gateway/second");
    await shop.kubectl("wait", "--for=delete", "service/second-gatewright", "--timeout=60s");
    equal(await field("configmap/second-gatewright", ".data.whose"), "mine");
  });

  test("addresses that are asked for, and parameters, are given or refused in words", async () => {
    const usable = { type: "IPAddress", value: layout.usableAddress };
    await shop.cluster.apply(
      gateway([80], { addresses: [usable, { type: "IPAddress", value: layout.unusableAddress }] }),
    );
    await soon(async () =>
      match(
        await field("gateway/edge", '.status.conditions[?(@.type=="Programmed")].message'),
        new RegExp(`No load balancer has given ${layout.unusableAddress} to Service edge-gatewright-`),
      ),
    );
    await shop.cluster.apply(gateway([80], { addresses: [usable] }));
    await programmed();
    equal(await field("gateway/edge", ".status.addresses[*].value"), layout.usableAddress);
    match(await get(layout.usableAddress), /^web-/);

    const message = '.status.conditions[?(@.type=="Accepted")].message';
    const configMap = { group: "", kind: "ConfigMap", name: "proxies" };
    await shop.cluster.apply(gateway([80], { infrastructure: { parametersRef: configMap } }));
    await soon(async () =>
      match(await field("gateway/edge", message), /Write group: gatewright.dev, kind: GatewayParam/),
    );
    const parametersRef = { group: "gatewright.dev", kind: "GatewayParameters", name: "proxies" };
    await shop.cluster.apply(gateway([80], { infrastructure: { parametersRef } }));
    await soon(async () => match(await field("gateway/edge", message), /shop\/proxies, which does not exist/));
    await shop.cluster.apply(gatewayParameters("proxies", { workload: { replicas: 2 } }));
    await soon(async () => equal(await field("deployment/edge-gatewright", ".status.readyReplicas"), "2"));
    await programmed();
  });

  test("a proxy has the certificate of its own Gateway only", async () => {
    const secret = await field("secret/edge-gatewright", ".data.tls\\.crt");
    notEqual(secret, "");
    const certificate = Buffer.from(secret, "base64").toString("utf8");
    const text = await shop.cluster.execute(["openssl", "x509", "-noout", "-ext", "subjectAltName"], {
      input: certificate,
    });
    match(text, /URI:spiffe:\/\/gatewright.dev\/proxy\/shop\/edge/);
  });

  test("with its Gateway, everything goes", async () => {
    await shop.kubectl("delete", "gateway/edge");
    await shop.kubectl(
      "wait",
      "--for=delete",
      "deployment/edge-gatewright",
      "service/edge-gatewright",
      "--timeout=60s",
    );
  });
});
