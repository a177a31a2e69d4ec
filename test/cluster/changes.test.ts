import { deepEqual, equal, match, notEqual, rejects } from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually } from "../e2e/harness/wait.ts";
import { createAuthority } from "./certificates.ts";
import { pods, proxies } from "./fixtures/pods.ts";
import { backend, gateway, gatewayParameters, namespace, route } from "./fixtures/shop.ts";
import { needsRoot, type Shop, startShop } from "./fixtures/start-shop.ts";
import { underLoad } from "./fixtures/steady-load.ts";

const soon = <T>(attempt: () => Promise<T>) => eventually(attempt, 60_000);

/**
 * What somebody may no longer do is refused at once, and what is somebody else's is left alone: all the while a route is asked
 * for to which nothing happens, and no request of it is lost.
 */
describe("changes in a cluster", { ...needsRoot, timeout: 480_000 }, () => {
  let shop: Shop;
  const field = (object: string, path: string) => shop.kubectl("get", object, `--output=jsonpath={${path}}`);
  const addressOf = (name: string) => field(`gateway/${name}`, ".status.addresses[0].value");
  const programmed = (name: string) =>
    shop.kubectl("wait", "--for=condition=Programmed", `gateway/${name}`, "--timeout=60s");
  const curl = (...args: readonly string[]) =>
    shop.cluster.execute(["curl", "--silent", "--show-error", "--max-time", "5", ...args]);
  const codeOf = (...args: readonly string[]) => curl("--output", "/dev/null", "--write-out", "%{http_code}", ...args);

  before(async () => {
    shop = await startShop({ name: "changes-test" });
  });
  after(async () => await shop?.stop());

  test("a rotated Secret is the certificate that clients see", async (context) => {
    await underLoad(context, shop, async () => {
      const authority = await createAuthority("shop");
      const secret = async () => {
        const pair = await authority.issue({ server: "shop", addresses: [], hostnames: ["shop.example.com"] });
        const data = { "tls.crt": pair.certificate, "tls.key": pair.key };
        const metadata = { name: "shop", namespace: "shop" };
        return { apiVersion: "v1", kind: "Secret", metadata, type: "kubernetes.io/tls", stringData: data };
      };
      const listeners = [
        { name: "web-80", port: 80, protocol: "HTTP" },
        { name: "tls", port: 443, protocol: "HTTPS", tls: { certificateRefs: [{ name: "shop" }] } },
      ];
      const first = await secret();
      await shop.cluster.apply(first, gateway([], { listeners }));
      const serialOf = async () => {
        const shown = await shop.cluster.execute(
          ["openssl", "s_client", "-connect", `${shop.address}:443`, "-servername", "shop.example.com"],
          { timeout: 10_000 },
        );
        return await shop.cluster.execute(["openssl", "x509", "-noout", "-serial"], { input: shown });
      };
      const serial = (pem: string) => shop.cluster.execute(["openssl", "x509", "-noout", "-serial"], { input: pem });
      await soon(async () => equal(await serialOf(), await serial(first.stringData["tls.crt"])));
      const second = await secret();
      notEqual(await serial(second.stringData["tls.crt"]), await serial(first.stringData["tls.crt"]));
      await shop.cluster.apply(second);
      await soon(async () => equal(await serialOf(), await serial(second.stringData["tls.crt"])));
    });
  });

  test("a ReferenceGrant that is revoked ends what it allowed", async (context) => {
    await underLoad(context, shop, async () => {
      const grant = {
        apiVersion: "gateway.networking.k8s.io/v1beta1",
        kind: "ReferenceGrant",
        metadata: { name: "shop", namespace: "stock" },
        spec: {
          from: [{ group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "shop" }],
          to: [{ group: "", kind: "Service" }],
        },
      };
      const moved = backend.map((object) => ({ ...object, metadata: { ...object.metadata, namespace: "stock" } }));
      const across = {
        ...route,
        metadata: { name: "across", namespace: "shop" },
        spec: {
          ...route.spec,
          hostnames: ["stock.example.com"],
          rules: [{ backendRefs: [{ name: "web", namespace: "stock", port: 80 }] }],
        },
      };
      await shop.cluster.apply({ ...namespace, metadata: { name: "stock" } }, grant, ...moved, across);
      const stock = () => codeOf("--header", "host: stock.example.com", `http://${shop.address}/`);
      await soon(async () => equal(await stock(), "200"));
      await shop.cluster.kubectl(["--namespace=stock", "delete", "referencegrant/shop"]);
      await soon(async () => equal(await stock(), "500"));
      await soon(async () =>
        match(
          await field("httproute/across", ".status.parents[0].conditions[?(@.type=='ResolvedRefs')].reason"),
          /^RefNotPermitted$/,
        ),
      );
      await shop.cluster.apply(grant);
      await soon(async () => equal(await stock(), "200"));
    });
  });

  test("a route whose namespace is not allowed any more is not served any more", async (context) => {
    await underLoad(context, shop, async () => {
      const guest = {
        ...route,
        metadata: { name: "guest", namespace: "stock" },
        spec: { ...route.spec, parentRefs: [{ name: "edge", namespace: "shop" }], hostnames: ["guest.example.com"] },
      };
      const listener = (from: string) => [
        { name: "web-80", port: 80, protocol: "HTTP", allowedRoutes: { namespaces: { from } } },
      ];
      await shop.cluster.apply(gateway([], { listeners: listener("All") }), guest);
      const guests = () => codeOf("--header", "host: guest.example.com", `http://${shop.address}/`);
      const reason = () =>
        shop.cluster.kubectl([
          "--namespace=stock",
          "get",
          "httproute/guest",
          "--output=jsonpath={.status.parents[0].conditions[?(@.type=='Accepted')].reason}",
        ]);
      await soon(async () => equal(await guests(), "200"));
      await soon(async () => equal(await reason(), "Accepted"));
      const podOf = async (host: string) => await curl("--header", `host: ${host}`, `http://${shop.address}/`);
      const stocks = await podOf("guest.example.com");
      await shop.cluster.apply(gateway([], { listeners: listener("Same") }));
      // The shop's own route, which is for all hostnames, takes it.
      await soon(async () => notEqual(await podOf("guest.example.com"), stocks));
      await soon(async () => equal(await reason(), "NotAllowedByListeners"));
      equal(await podOf("guest.example.com"), await podOf("shop.example.com"));
    });
  });

  test("an XBackend's pods are found, by a Service of its own, as long as somebody sends to it", async () => {
    const group = "gateway.networking.x-k8s.io";
    const xBackend = (app: string) => ({
      apiVersion: `${group}/v1alpha1`,
      kind: "XBackend",
      metadata: { name: "pods", namespace: "shop" },
      spec: { type: "EndpointSelector", port: { number: 8080 }, endpointSelector: { matchLabels: { app } } },
    });
    const selecting = {
      ...route,
      metadata: { name: "selecting", namespace: "shop" },
      spec: {
        ...route.spec,
        hostnames: ["pods.example.com"],
        rules: [{ backendRefs: [{ group, kind: "XBackend", name: "pods" }] }],
      },
    };
    const answer = () => codeOf("--header", "host: pods.example.com", `http://${shop.address}/`);
    const services = async () =>
      await shop.kubectl(
        "get",
        "services",
        "--selector=gatewright.dev/xbackend-uid",
        "--output=jsonpath={range .items[*]}{.metadata.ownerReferences[0].kind}/{.metadata.ownerReferences[0].name} {.spec.clusterIP} {end}",
      );
    await shop.cluster.apply(xBackend("web"));
    equal(await services(), "");
    await shop.cluster.apply(selecting);
    await soon(async () => equal(await answer(), "200"));
    equal((await services()).trim(), "XBackend/pods None");
    await soon(async () =>
      equal(await field("xbackend/pods", ".status.ancestors[*].conditions[*].type"), "Accepted ResolvedRefs"),
    );
    await shop.cluster.apply(xBackend("nobody"));
    await soon(async () => equal(await answer(), "503"));
    await shop.cluster.apply(xBackend("web"));
    await soon(async () => equal(await answer(), "200"));
    equal((await services()).trim(), "XBackend/pods None");
    await shop.kubectl("delete", "httproute/selecting");
    await soon(async () => equal(await services(), ""));
    await soon(async () => equal(await field("xbackend/pods", ".status.ancestors[*].controllerName"), ""));
  });

  test("another controller's class, Gateways and entries in status are left alone", async (context) => {
    await underLoad(context, shop, async () => {
      const gatewayApi = "gateway.networking.k8s.io/v1";
      const others = {
        apiVersion: gatewayApi,
        kind: "GatewayClass",
        metadata: { name: "others" },
        spec: { controllerName: "example.com/others" },
      };
      const theirs = {
        ...gateway([80], { gatewayClassName: "others" }),
        metadata: { name: "theirs", namespace: "shop" },
      };
      const shared = {
        ...route,
        metadata: { name: "shared", namespace: "shop" },
        spec: { ...route.spec, parentRefs: [{ name: "theirs" }, { name: "edge" }], hostnames: ["shared.example.com"] },
      };
      await shop.cluster.apply(others, theirs, shared);
      const parents = async (): Promise<readonly { controllerName: string; parentRef: { name: string } }[]> =>
        JSON.parse(await field("httproute/shared", ".status.parents"));
      await soon(async () => equal((await parents()).length, 1));
      const condition = {
        type: "Accepted",
        status: "True",
        reason: "Accepted",
        message: "",
        observedGeneration: 1,
        lastTransitionTime: "2026-01-01T00:00:00Z",
      };
      const entry = {
        controllerName: "example.com/others",
        parentRef: { group: "gateway.networking.k8s.io", kind: "Gateway", name: "theirs" },
        conditions: [condition],
      };
      await shop.kubectl(
        "patch",
        "httproute/shared",
        "--subresource=status",
        "--type=json",
        `--patch=${JSON.stringify([{ op: "add", path: "/status/parents/0", value: entry }])}`,
      );
      // Ours is withdrawn, and nothing but ours.
      await shop.kubectl(
        "patch",
        "httproute/shared",
        "--type=merge",
        `--patch=${JSON.stringify({ spec: { parentRefs: [{ name: "theirs" }] } })}`,
      );
      await soon(async () => deepEqual(await parents(), [entry]));
      // The API server gives a new Gateway a status that nobody has to say anything of; and theirs keeps it.
      match(await field("gateway/theirs", ".status.conditions[*].reason"), /^Pending( Pending)?$/);
      match(
        await shop.cluster.kubectl(["get", "gatewayclass/others", "--output=jsonpath={.status.conditions[*].status}"]),
        /^Unknown$/,
      );
      await rejects(shop.kubectl("get", "service/theirs-others"), /NotFound/);

      // A Gateway that comes to our class is served; one that leaves it loses what it was given.
      await shop.kubectl(
        "patch",
        "gateway/theirs",
        "--type=merge",
        `--patch=${JSON.stringify({ spec: { gatewayClassName: "gatewright" } })}`,
      );
      await programmed("theirs");
      const given = await addressOf("theirs");
      await soon(async () => equal(await codeOf("--header", "host: shared.example.com", `http://${given}/`), "200"));
      await shop.kubectl(
        "patch",
        "gateway/theirs",
        "--type=merge",
        `--patch=${JSON.stringify({ spec: { gatewayClassName: "others" } })}`,
      );
      await shop.kubectl(
        "wait",
        "--for=delete",
        "deployment/theirs-gatewright",
        "service/theirs-gatewright",
        "--timeout=60s",
      );
      await soon(async () => deepEqual(await parents(), [entry]));
    });
  });

  test("a Gateway comes, changes and goes, with all that it was given, and nothing of the others", async (context) => {
    await underLoad(context, shop, async () => {
      const running = await pods(shop.kubectl, proxies);
      const second = (ports: readonly number[]) => ({
        ...gateway(ports),
        metadata: { name: "second", namespace: "shop" },
      });
      const moved = { ...route, metadata: { name: "second", namespace: "shop" } };
      await shop.cluster.apply(second([80]), { ...moved, spec: { ...route.spec, parentRefs: [{ name: "second" }] } });
      await programmed("second");
      const address = await addressOf("second");
      notEqual(address, shop.address);
      await soon(async () => equal(await codeOf(`http://${address}/`), "200"));
      await shop.cluster.apply(second([8081]));
      await soon(async () => equal(await codeOf(`http://${address}:8081/`), "200"));
      await soon(() => rejects(curl(`http://${address}/`), /curl: \((7|28)\)/));
      await shop.kubectl("delete", "gateway/second");
      await shop.kubectl(
        "wait",
        "--for=delete",
        "deployment/second-gatewright",
        "service/second-gatewright",
        "configmap/second-gatewright",
        "secret/second-gatewright",
        "serviceaccount/second-gatewright",
        "--timeout=60s",
      );
      deepEqual(await pods(shop.kubectl, proxies), running);
    });
  });

  test("a class changes; with a mistake in it, its Gateways are served as before", async (context) => {
    const parameters = (replicas: number) => gatewayParameters("class", { workload: { replicas } });
    const gatewayClass = {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "GatewayClass",
      metadata: { name: "gatewright" },
      spec: {
        controllerName: "gatewright.dev/gateway-controller",
        parametersRef: { group: "gatewright.dev", kind: "GatewayParameters", name: "class", namespace: "shop" },
      },
    };
    const accepted = async (object: string) =>
      await field(object, ".status.conditions[?(@.type=='Accepted')]['status','reason']");
    const ready = (replicas: string) =>
      soon(async () => equal(await field("deployment/edge-gatewright", ".status.readyReplicas"), replicas));
    await underLoad(context, shop, async () => {
      await shop.cluster.apply(parameters(2), gatewayClass);
      await ready("2");
      await shop.kubectl("delete", "gatewayparameters/class");
      await soon(async () => equal(await accepted("gatewayclass/gatewright"), "False InvalidParameters"));
      await soon(async () => equal(await accepted("gateway/edge"), "Unknown Pending"));
      const filters = [{ type: "RequestRedirect", requestRedirect: { hostname: "elsewhere.example.com" } }];
      await shop.cluster.apply({
        ...route,
        metadata: { name: "redirect", namespace: "shop" },
        spec: { ...route.spec, hostnames: ["redirect.example.com"], rules: [{ filters }] },
      });
      await soon(async () =>
        equal(await codeOf("--header", "host: redirect.example.com", `http://${shop.address}/`), "302"),
      );
      await shop.cluster.apply(parameters(1));
      await soon(async () => equal(await accepted("gateway/edge"), "True Accepted"));
      await ready("1");
    });
  });

  test("a class that is deleted is there, and its Gateways are served, until the last of them has gone", async (context) => {
    await underLoad(context, shop, async () => {
      await shop.kubectl("delete", "gatewayclass/gatewright", "--wait=false");
      await shop.cluster.apply(gateway([80, 8082]));
      await soon(async () => equal(await codeOf(`http://${shop.address}:8082/`), "200"));
      match(
        await shop.kubectl("get", "gatewayclass/gatewright", "--output=jsonpath={.metadata}"),
        /"deletionTimestamp":.*"gateway-exists-finalizer\.gateway\.networking\.k8s\.io"/,
      );
    });
    await shop.kubectl("delete", "gateway/edge");
    await shop.kubectl("wait", "--for=delete", "gatewayclass/gatewright", "--timeout=60s");
  });
});
