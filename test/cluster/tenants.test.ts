import { deepEqual, equal, match, notEqual, rejects } from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually } from "../e2e/harness/wait.ts";
import { createAuthority } from "./certificates.ts";
import {
  bombs,
  deepParameters,
  foreignListeners,
  gatewayWithDeepParameters,
  gatewayWithForeignSecret,
  gatewayWithParameters,
  hostile,
  large,
  lookAlikes,
  misspeltHosts,
  routeForLookAlikes,
  routesToForeignListeners,
  specialEndpoints,
  waysToTheShop,
  waysToTheShopObjects,
} from "./fixtures/hostile-objects.ts";
import { proxies } from "./fixtures/pods.ts";
import { controllersAuthority, expired, secretOf, selfMade } from "./fixtures/proxy-certificates.ts";
import { gateway, route } from "./fixtures/shop.ts";
import { needsRoot, type Shop, startShop } from "./fixtures/start-shop.ts";
import { underLoad } from "./fixtures/steady-load.ts";
import { changeOfShopIsServed, lives } from "./fixtures/unharmed.ts";

const soon = <T>(attempt: () => Promise<T>) => eventually(attempt, 180_000);

const from = (namespaces: string) => ({ namespaces: { from: namespaces } });
const certificateRefs = [{ name: "shop-tls" }];
const listeners = [
  { name: "web-80", port: 80, protocol: "HTTP", allowedRoutes: from("All") },
  { name: "shop", port: 80, protocol: "HTTP", hostname: "*.shop.example.com", allowedRoutes: from("Same") },
  { name: "inner", port: 8081, protocol: "HTTP", allowedRoutes: from("Same") },
  { name: "tls", port: 443, protocol: "HTTPS", hostname: "tls.example.com", tls: { certificateRefs } },
  {
    name: "guests",
    port: 443,
    protocol: "HTTPS",
    hostname: "*.mallory.example.com",
    tls: { certificateRefs },
    allowedRoutes: from("All"),
  },
];
const allowedListeners = {
  namespaces: { from: "Selector", selector: { matchLabels: { "kubernetes.io/metadata.name": "guest" } } },
};

/** Two tenants on one Gateway: what one of them writes reaches nothing of the other's, and harms none of it. */
describe("tenants", { ...needsRoot, timeout: 540_000 }, () => {
  let shop: Shop;
  const inNamespace =
    (namespace: string) =>
    (...args: readonly string[]) =>
      shop.cluster.kubectl([`--namespace=${namespace}`, ...args]);
  const mallory = inNamespace("mallory");
  const curl = (...args: readonly string[]) =>
    shop.cluster.execute(["curl", "--silent", "--show-error", "--max-time", "10", ...args]);
  const codeOf = (...args: readonly string[]) => curl("--output", "/dev/null", "--write-out", "%{http_code}", ...args);
  const codeFor = (host: string, port = 80) => codeOf("--header", `host: ${host}`, `http://${shop.address}:${port}/`);
  const reasonOf = (object: string, type: string, path = ".status.parents[0].conditions") =>
    mallory("get", object, `--output=jsonpath={${path}[?(@.type=='${type}')].reason}`);
  before(async () => {
    shop = await startShop({ name: "tenants-test" });
    const authority = await createAuthority("shop");
    const pair = await authority.issue({
      server: "shop",
      addresses: [],
      hostnames: ["tls.example.com", "*.mallory.example.com"],
    });
    await shop.cluster.apply(
      ...["mallory", "guest"].map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } })),
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "shop-tls", namespace: "shop" },
        type: "kubernetes.io/tls",
        stringData: { "tls.crt": pair.certificate, "tls.key": pair.key },
      },
      gateway([], { listeners, allowedListeners }),
    );
    await soon(async () => equal(await codeFor("shop.example.com", 8081), "200"));
  });
  after(async () => await shop?.stop());

  test("a proxy is given its own Gateway's configuration, and nobody else is given any", async () => {
    await shop.cluster.apply(gatewayWithForeignSecret);
    await mallory("wait", "--for=create", "secret/own-gatewright", "--timeout=60s");
    const service = await shop.controllerKubectl("get", "service/gatewright", "--output=jsonpath={.spec.clusterIP}");
    const {
      "tls.crt": certificate = "",
      "tls.key": key = "",
      "ca.crt": trusted = "",
    } = await secretOf(shop.cluster, "mallory", "own-gatewright");
    const ask = async (proxy: string, pair: object) =>
      await shop.cluster.execute(
        [process.execPath, join(import.meta.dirname, "fixtures/fetch-configuration.ts"), `${service}:18000`, proxy],
        { input: JSON.stringify({ trusted, ...pair }) },
      );
    const authority = await controllersAuthority(shop.cluster);
    const own = { certificate, key };
    match(await ask("mallory/own", own), /^given \d+ clusters/);
    match(
      await ask("shop/edge", own),
      /^PERMISSION_DENIED: the client's certificate is not that of proxy "shop\/edge"/,
    );
    match(await ask("", own), /^PERMISSION_DENIED/);
    match(await ask("shop/edge", {}), /^UNAVAILABLE/);
    match(await ask("shop/edge", await selfMade("shop/edge")), /^UNAVAILABLE/);
    match(await ask("shop/edge", await expired(authority, "shop/edge")), /^UNAVAILABLE/);

    // A Secret that the tenant made up is replaced by one of the controller's.
    const made = await selfMade("shop/edge");
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const data = { "tls.crt": base64(made.certificate), "tls.key": base64(made.key) };
    await mallory("patch", "secret/own-gatewright", `--patch=${JSON.stringify({ data })}`);
    await soon(async () => {
      const now = (await secretOf(shop.cluster, "mallory", "own-gatewright"))["tls.crt"] ?? "";
      notEqual(now, made.certificate);
    });
  });

  test("a proxy has no token, and nobody reaches its admin interface", async () => {
    const own = (path: string) =>
      shop.kubectl("get", "pods", `--selector=${proxies}`, `--output=jsonpath={.items[0]${path}}`);
    equal(await own(".spec.automountServiceAccountToken"), "false");
    equal(await own(".spec.volumes[*].projected"), "");
    const health = `http://${await own(".status.podIP")}:19003`;
    equal(await codeOf(`${health}/ready`), "200");
    for (const path of ["/", "/config_dump", "/certs", "/ready/../config_dump"]) {
      equal(await codeOf("--path-as-is", `${health}${path}`), "404", path);
    }
    for (const path of ["/quitquitquit", "/ready", "/logging?level=trace"]) {
      equal(await codeOf("--request", "POST", `${health}${path}`), "404", path);
    }
  });

  test("a route reaches no backend that it was not granted", async () => {
    const pod = await shop.kubectl("get", "pods", "--selector=app=web", "--output=jsonpath={.items[0].status.podIP}");
    await shop.cluster.apply(...waysToTheShopObjects(pod));
    await soon(async () =>
      deepEqual(
        await Promise.all(
          waysToTheShop.map(async ([name]) => [
            name,
            await codeFor(`${name}.mallory.example.com`),
            await reasonOf(`httproute/${name}`, "ResolvedRefs"),
          ]),
        ),
        waysToTheShop,
      ),
    );
    for (const slice of specialEndpoints)
      await rejects(shop.cluster.apply(slice), /may not be in the (loopback|link-local) range/);
    // It is the grant that was missing.
    const grant = {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "ReferenceGrant",
      metadata: { name: "mallory", namespace: "shop" },
      spec: {
        from: [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "mallory" }],
        to: [{ group: "", kind: "Service" }],
      },
    };
    await shop.cluster.apply(grant);
    await soon(async () => equal(await codeFor("directly.mallory.example.com"), "200"));
    await shop.kubectl("delete", "referencegrant/mallory");
    await soon(async () => equal(await codeFor("directly.mallory.example.com"), "500"));
  });

  test("a route, a listener or a Gateway gets no listener, host or Secret that is not its own", async () => {
    await shop.cluster.apply(...routesToForeignListeners, foreignListeners);
    for (const name of ["to-inner", "to-shop"]) {
      await soon(async () => equal(await reasonOf(`httproute/${name}`, "Accepted"), "NotAllowedByListeners"));
    }
    await soon(async () => equal(await reasonOf("httproute/over-shop", "Accepted"), "Accepted"));
    await soon(async () => equal(await reasonOf("listenerset/more", "Accepted", ".status.conditions"), "NotAllowed"));
    await soon(async () =>
      equal(
        await reasonOf("gateway/own", "ResolvedRefs", ".status.listeners[?(@.name=='tls')].conditions"),
        "RefNotPermitted",
      ),
    );
    // 302 would be the tenant's.
    equal(await codeFor("cart.shop.example.com"), "200");
    equal(await codeFor("other.shop.example.com"), "200");
    equal(await codeFor("cart.shop.example.com", 8081), "200");
    await rejects(codeFor("shop.example.com", 8090));
    // On a connection that was made for its own name, a tenant is not given another's.
    const overTls = (server: string, host: string) =>
      codeOf("--insecure", "--connect-to", `::${shop.address}:443`, "--header", `host: ${host}`, `https://${server}/`);
    equal(await overTls("tls.example.com", "tls.example.com"), "200");
    equal(await overTls("directly.mallory.example.com", "tls.example.com"), "421");
  });

  test("a host that looks like another's gets nothing of it", async () => {
    await shop.cluster.apply(
      {
        ...route,
        metadata: { ...route.metadata, name: "bank" },
        spec: { ...route.spec, hostnames: ["bank.example.com"] },
      },
      routeForLookAlikes,
    );
    for (const host of lookAlikes) await soon(async () => equal(await codeFor(host), "302"));
    for (const host of ["bank.example.com", "BANK.Example.COM", "bank.example.com:80", "bank.example.com."]) {
      equal(await codeFor(host), "200", host);
    }
    for (const misspelt of misspeltHosts) await rejects(shop.cluster.apply(misspelt), /hostnames/);
  });

  test("values that are nested without end stop nobody", async () => {
    const lived = await lives(shop);
    await shop.cluster.kubectl(["create", "--filename=-"], deepParameters);
    await shop.cluster.apply(gatewayWithDeepParameters);
    await soon(async () =>
      equal(await reasonOf("gateway/deep", "Accepted", ".status.conditions"), "InvalidParameters"),
    );
    // All of it is compared with what it was.
    await mallory("patch", "gatewayparameters/deep", "--type=merge", '--patch={"spec":{"workload":{"replicas":2}}}');
    const shallow = { metadata: { name: "shallow", namespace: "shop" }, spec: { service: { type: "ClusterIP" } } };
    await shop.cluster.apply(
      { apiVersion: "gatewright.dev/v1alpha1", kind: "GatewayParameters", ...shallow },
      gatewayWithParameters("shop", "shallow"),
    );
    await shop.kubectl("wait", "--for=condition=Programmed", "gateway/shallow", "--timeout=120s");
    deepEqual(await lives(shop), lived);
  });

  test("what is hostile, huge or refused by Envoy harms nobody else", async (context) => {
    const lived = await lives(shop);
    await underLoad(context, shop, async () => {
      for (const object of [...bombs, ...large]) await shop.cluster.apply(object);
      await changeOfShopIsServed(context, shop, "after bombs");
      for (const name of ["folding", "repeating"]) {
        await soon(async () => equal(await reasonOf(`httproute/${name}`, "Accepted"), "UnsupportedValue"));
      }
      // The port is Envoy's own already.
      const taken = {
        ...hostile("gateway.networking.k8s.io/v1", "ListenerSet", "taken", {
          spec: {
            parentRef: { name: "edge", namespace: "shop" },
            listeners: [{ name: "taken", port: 19_003, protocol: "HTTP" }],
          },
        }),
        metadata: { name: "taken", namespace: "guest" },
      };
      await shop.cluster.apply(taken);
      const template = "--output=jsonpath={.status.listeners[0].conditions[?(@.type=='Programmed')].status}";
      await soon(async () => equal(await inNamespace("guest")("get", "listenerset/taken", template), "False"));
      await changeOfShopIsServed(context, shop, "after a refusal");
      await inNamespace("guest")("delete", "listenerset/taken");
    });
    deepEqual(await lives(shop), lived);
  });
});
