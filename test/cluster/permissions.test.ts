import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually } from "../e2e/harness/wait.ts";
import { type AccessRequest, allowed } from "./fixtures/access-review.ts";
import { agedCertificate } from "./fixtures/aged-certificate.ts";
import { type AuditedRequest, auditedRequests, controllerUser, describeRequest } from "./fixtures/audit-log.ts";
import {
  everything,
  gatewaySpec,
  kindsWithStatus,
  parameters,
  proxiesOnNodes,
  refusedListener,
  scaledProxies,
  selectingBackend,
} from "./fixtures/everything.ts";
import { controllers, pods, untilReplaced } from "./fixtures/pods.ts";
import { rightsFor, rightsOf } from "./fixtures/rights.ts";
import { gateway } from "./fixtures/shop.ts";
import { needsRoot, type Shop, startShop } from "./fixtures/start-shop.ts";
import { layout } from "./layout.ts";

const soon = <T>(attempt: () => Promise<T>) => eventually(attempt, 120_000);

/** What is granted and not used here, and why it is granted. */
const unused: readonly (readonly [right: RegExp, reason: string])[] = [
  [/^list /, "API servers that begin no watch with what is there (before 1.32) are asked for lists"],
  [
    /^get [a-z]+\.(gateway\.networking\.(x-)?k8s\.io|gatewright\.dev)$/,
    "a status that somebody else has written meanwhile is read again",
  ],
  [
    /^update (gateways|gatewayclasses)\/finalizers\./,
    "asked for by the admission plug-in OwnerReferencesPermissionEnforcement",
  ],
];

/** What it must never do. */
const forbidden: readonly Omit<AccessRequest, "user">[] = [
  ...["pods", "pods/exec", "pods/portforward", "pods/log", "nodes", "nodes/proxy", "persistentvolumes"].flatMap(
    (resource) => ["get", "create", "update", "patch", "delete"].map((verb) => ({ verb, resource, namespace: "shop" })),
  ),
  ...["httproutes", "grpcroutes", "tlsroutes", "tcproutes", "udproutes", "listenersets", "referencegrants"].flatMap(
    (resource) =>
      ["create", "update", "patch", "delete"].map((verb) => ({
        verb,
        resource: `${resource}.gateway.networking.k8s.io`,
        namespace: "shop",
      })),
  ),
  ...["create", "update", "patch", "delete"].flatMap((verb) => [
    { verb, resource: "gateways.gateway.networking.k8s.io", namespace: "shop" },
    { verb, resource: "customresourcedefinitions.apiextensions.k8s.io" },
    { verb, resource: "validatingwebhookconfigurations.admissionregistration.k8s.io" },
    { verb, resource: "clusterroles.rbac.authorization.k8s.io" },
    { verb, resource: "clusterrolebindings.rbac.authorization.k8s.io" },
    { verb, resource: "rolebindings.rbac.authorization.k8s.io", namespace: "gatewright-system" },
    { verb, resource: "endpointslices.discovery.k8s.io", namespace: "shop" },
    { verb, resource: "namespaces" },
    { verb, resource: "leases.coordination.k8s.io", namespace: "kube-system" },
  ]),
  { verb: "create", resource: "gatewayclasses.gateway.networking.k8s.io" },
  { verb: "delete", resource: "gatewayclasses.gateway.networking.k8s.io" },
  { verb: "create", resource: "serviceaccounts/token", namespace: "shop" },
  { verb: "update", resource: "secrets", namespace: "shop" },
  { verb: "update", resource: "secrets", namespace: "gatewright-system", name: "other" },
  { verb: "update", resource: "leases.coordination.k8s.io", namespace: "gatewright-system", name: "other" },
  ...["secrets", "configmaps", "services", "serviceaccounts"].map((resource) => ({
    verb: "deletecollection",
    resource,
    namespace: "shop",
  })),
  ...["users", "groups", "serviceaccounts"].map((resource) => ({ verb: "impersonate", resource })),
  { verb: "escalate", resource: "clusterroles.rbac.authorization.k8s.io" },
  { verb: "bind", resource: "clusterroles.rbac.authorization.k8s.io" },
];

/** By the API server's own log of what the controller did while it did everything that it does. */
describe("the controller's rights", { ...needsRoot, timeout: 480_000 }, () => {
  let shop: Shop;
  let requests: readonly AuditedRequest[];
  let granted: ReadonlySet<string>;
  const field = (object: string, path: string) => shop.kubectl("get", object, `--output=jsonpath={${path}}`);

  before(async () => {
    shop = await startShop({ name: "permissions-test", audited: [controllerUser] });
    await doEverything(shop);
    requests = auditedRequests(shop.cluster);
    granted = await rightsOf(shop.cluster, { namespace: "gatewright-system", name: "gatewright" });
  });
  after(async () => await shop?.stop());

  test("it was refused nothing", () => {
    ok(requests.length > 100);
    deepEqual(requests.filter(({ responseStatus }) => responseStatus?.code === 403).map(describeRequest), []);
  });

  test("it uses every right that it has, or there is a reason", () => {
    const used = new Set(requests.flatMap(rightsFor));
    const idle = [...granted].filter((right) => !used.has(right));
    deepEqual(
      idle.filter((right) => !unused.some(([pattern]) => pattern.test(right))),
      [],
    );
    deepEqual(
      unused.filter(([pattern]) => !idle.some((right) => pattern.test(right))).map(([, reason]) => reason),
      [],
    );
  });

  test("it has no wildcard, and none of these", async () => {
    deepEqual(
      [...granted].filter((right) => right.includes("*")),
      [],
    );
    const answers = await allowed(
      shop.cluster,
      forbidden.map((request) => ({ ...request, user: controllerUser })),
    );
    deepEqual(
      forbidden.filter((_, index) => answers[index] !== false),
      [],
    );
  });

  /** Everything for which the controller asks the API server. */
  async function doEverything({ cluster, kubectl, controllerKubectl }: Shop): Promise<void> {
    await cluster.apply(gateway([], gatewaySpec), ...everything);
    await Promise.all(
      kindsWithStatus.map(
        async (kind) => await soon(async () => ok((await field(`${kind}/all`, ".status")).includes("conditions"))),
      ),
    );
    // What Envoys refuse is shared among replicas while they do.
    const shared = async () =>
      await controllerKubectl("get", "configmaps", "--selector=gatewright.dev/refusals", "--output=name");
    await cluster.apply(refusedListener);
    await soon(async () => notEqual(await shared(), ""));
    await kubectl("delete", "listenerset/refused");
    await soon(async () => equal(await shared(), ""));
    // Whatever runs and scales the proxies is made, changed and taken away.
    const most = (count: number) => async () =>
      equal(await field("hpa/edge-gatewright", ".spec.maxReplicas"), String(count));
    await soon(most(1));
    await cluster.apply(scaledProxies(2));
    await soon(most(2));
    for (const label of ["one", "other"]) {
      await cluster.apply(proxiesOnNodes(label));
      await soon(async () =>
        equal(await field("daemonset/edge-gatewright", ".spec.template.metadata.labels.label"), label),
      );
    }
    const scaling = ["deployment", "hpa", "pdb"].map((kind) => `${kind}/edge-gatewright`);
    await kubectl("wait", "--for=delete", ...scaling, "--timeout=120s");
    await cluster.apply(parameters({ workload: { replicas: 1 } }));
    await kubectl("wait", "--for=delete", "daemonset/edge-gatewright", "--timeout=120s");
    // An XBackend's Service is made, changed and taken away.
    const services = async () => await kubectl("get", "services", "--output=jsonpath={.items[*].spec.selector.app}");
    await soon(async () => equal((await services()).split(" ").length, 2));
    await cluster.apply(selectingBackend("other"));
    await soon(async () => ok((await services()).includes("other")));
    await kubectl("delete", "httproute/all");
    await soon(async () => ok(!(await services()).includes("other")));
    // A Service of a static address is taken away with it.
    const address = { type: "IPAddress", value: layout.usableAddress };
    await cluster.apply(gateway([], { ...gatewaySpec, addresses: [address] }));
    await soon(async () => equal(await field("gateway/edge", ".status.addresses[*].value"), layout.usableAddress));
    await cluster.apply(gateway([], gatewaySpec));
    await soon(async () => notEqual(await field("gateway/edge", ".status.addresses[*].value"), layout.usableAddress));
    // What Envoy refuses, the port of its own health here, is told to other replicas until it is over.
    const refusals = async () =>
      await controllerKubectl("get", "configmaps", "--selector=gatewright.dev/refusals", "--output=name");
    const taken = { name: "taken", port: 19_003, protocol: "HTTP" };
    await cluster.apply(gateway([], { ...gatewaySpec, listeners: [...gatewaySpec.listeners, taken] }));
    await soon(async () => notEqual(await refusals(), ""));
    await cluster.apply(gateway([], gatewaySpec));
    await soon(async () => equal(await refusals(), ""));
    // The authority is replaced.
    const text = (data: string) => Buffer.from(data, "base64").toString("utf8");
    const secret = ["get", "secret/gatewright-authority", "--output=jsonpath={.data}"];
    const authority = JSON.parse(await controllerKubectl(...secret));
    const aged = await agedCertificate({ certificate: text(authority["tls.crt"]), key: text(authority["tls.key"]) });
    const data = { "tls.crt": Buffer.from(aged).toString("base64") };
    await controllerKubectl("patch", "secret/gatewright-authority", `--patch=${JSON.stringify({ data })}`);
    const old = await pods(controllerKubectl, controllers);
    await controllerKubectl("delete", ...old);
    await untilReplaced(controllerKubectl, controllers, old);
    await soon(async () => notEqual(JSON.parse(await controllerKubectl(...secret))["tls.crt"], data["tls.crt"]));
    // A Gateway that becomes somebody else's loses all that it was given.
    const foreign = {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "GatewayClass",
      metadata: { name: "foreign" },
      spec: { controllerName: "example.com/other" },
    };
    await cluster.apply(foreign, gateway([], { ...gatewaySpec, gatewayClassName: "foreign" }));
    const given = ["deployment", "service", "configmap", "secret", "serviceaccount"];
    await kubectl("wait", "--for=delete", ...given.map((kind) => `${kind}/edge-gatewright`), "--timeout=120s");
  }
});
