import { deepEqual, equal, match, notDeepEqual } from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { packageVersion } from "../../scripts/image/gatewright-image.ts";
import { eventually } from "../e2e/harness/wait.ts";
import { startCluster, type TestCluster } from "./cluster.ts";
import { controllers, pods, untilGone } from "./fixtures/pods.ts";
import { needsRoot } from "./fixtures/start-shop.ts";
import { underLoad } from "./fixtures/steady-load.ts";
import { withUserImages } from "./user-images.ts";

const root = join(import.meta.dirname, "../..");
const helm = join(root, ".cache/bin/helm");
const chart = join(root, "charts/gatewright");
const quickstart = join(root, "examples/cluster/quickstart.yaml");
const version = packageVersion();
const nextVersion = `${version}-next`;
const proxies = "gateway.networking.k8s.io/gateway-name=quickstart";
const soon = <T>(attempt: () => Promise<T>) => eventually(attempt, 180_000);

const addHeader = [
  {
    op: "add",
    path: "/spec/rules/0/filters",
    value: [
      { type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name: "x-installed", value: "again" }] } },
    ],
  },
];

/**
 * As a user installs it: the image that `make image` builds, the chart, and the quickstart, in a cluster whose containers are
 * containerd's. Everything that a pod's security context says is enforced here, as it is not by the runtime of the other tests.
 */
describe("installed by helm, from the image", { ...needsRoot, timeout: 580_000 }, () => {
  let cluster: TestCluster;
  const kubectl = (...args: readonly string[]) => cluster.kubectl(args);
  const controllerKubectl = (...args: readonly string[]) => kubectl("--namespace=gatewright-system", ...args);
  const runHelm = (command: string, ...args: readonly string[]) =>
    cluster.execute([helm, command, "gatewright", ...args, "--namespace=gatewright-system"]);
  const address = () => kubectl("get", "gateway/quickstart", "--output=jsonpath={.status.addresses[0].value}");
  const get = async () => {
    const answer = ["curl", "--silent", "--show-error", "--fail", "--max-time", "5", `http://${await address()}/hello`];
    return JSON.parse(await cluster.execute(answer));
  };
  /** A node program in a container, since there is no shell in it. */
  const inContainer = async (namespace: string, pod: string, expression: string) =>
    JSON.parse(
      await kubectl(`--namespace=${namespace}`, "exec", pod, "--", "node", "-p", `JSON.stringify(${expression})`),
    );

  before(async () => {
    const start = (images: object) => startCluster({ name: "install-test", channel: "experimental", ...images });
    cluster = await withUserImages("containerd", start, [version, nextVersion]);
  });
  after(async () => await cluster?.stop());

  test("`helm install` and one `kubectl apply` serve a request", async (context) => {
    const started = performance.now();
    const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
    await runHelm("install", chart, "--create-namespace");
    context.diagnostic(`helm is done after ${seconds()}`);
    // Proxies run where Kubernetes' strictest rules for pods are enforced; so do backends such as this one.
    await kubectl("label", "namespace/default", "pod-security.kubernetes.io/enforce=restricted");
    await kubectl("apply", `--filename=${quickstart}`);
    const answer = await soon(get);
    context.diagnostic(`from \`helm install\` to the first answer: ${seconds()}`);
    equal(answer.path, "/hello");
    match(answer.pod, /^echo-/);
    await kubectl("wait", "--for=condition=Programmed", "gateway/quickstart", "--timeout=120s");
    const [pod = "", ...others] = await pods(controllerKubectl, controllers);
    deepEqual(others, []);
    const image = await controllerKubectl("get", pod, "--output=jsonpath={.spec.containers[0].image}");
    equal(image, `gatewright.dev/gatewright:${version}`);
  });

  test("no container has a right that it doesn't need", async () => {
    const [controller = ""] = await pods(controllerKubectl, controllers);
    const [proxy = ""] = await pods(kubectl, proxies);
    for (const [namespace, pod] of [
      ["gatewright-system", controller],
      ["default", proxy],
    ] as const) {
      const text = await inContainer(namespace, pod, "fs.readFileSync('/proc/1/status', 'utf8')");
      const status = (field: string) => new RegExp(`^${field}:\\s*(.*)$`, "m").exec(text)?.[1];
      deepEqual(
        { user: status("Uid"), effective: status("CapEff"), bounding: status("CapBnd") },
        { user: Array(4).fill("65532").join("\t"), effective: "0000000000000000", bounding: "0000000000000000" },
      );
      // No more rights through a setuid program, and a filter of system calls.
      deepEqual({ noNew: status("NoNewPrivs"), seccomp: status("Seccomp") }, { noNew: "1", seccomp: "2" });
      const attempt = "(() => { try { fs.writeFileSync('/tmp/x', ''); } catch (error) { return error.code; } })()";
      equal(await inContainer(namespace, pod, attempt), "EROFS");
    }
    // Envoy needs nothing of the API server, so it is given no token for it.
    const token = "fs.existsSync('/var/run/secrets/kubernetes.io')";
    equal(await inContainer("gatewright-system", controller, token), true);
    equal(await inContainer("default", proxy, token), false);
  });

  // Nothing in a test cluster enforces it; that it is about pods that there are can be asked.
  test("the NetworkPolicy is the controller's, and lets its proxies in", async () => {
    const policy = JSON.parse(await controllerKubectl("get", "networkpolicy/gatewright", "--output=json"));
    const selector = (labels: Readonly<Record<string, string>>) =>
      Object.entries(labels)
        .map((pair) => pair.join("="))
        .join(",");
    const [xds] = policy.spec.ingress;
    const guarded = await pods(controllerKubectl, selector(policy.spec.podSelector.matchLabels));
    deepEqual(guarded, await pods(controllerKubectl, controllers));
    const admitted = await pods(kubectl, selector(xds.from[0].podSelector.matchLabels));
    deepEqual(admitted, await pods(kubectl, proxies));
    const [proxy = ""] = admitted;
    const port = await controllerKubectl(
      "get",
      ...guarded,
      `--output=jsonpath={.spec.containers[0].ports[?(@.name=="${xds.ports[0].port}")].containerPort}`,
    );
    // Envoy's connection for its configuration goes there: 18000 is 4650 in /proc/net/tcp, and 01 is established.
    equal(port, "18000");
    const connections: string = await inContainer("default", proxy, "fs.readFileSync('/proc/1/net/tcp', 'utf8')");
    match(connections, /:4650 01 /);
  });

  test("the controller logs JSON", async () => {
    const lines = (await controllerKubectl("logs", "deployment/gatewright")).trim().split("\n");
    for (const line of lines) match(JSON.parse(line).level, /^(?:info|warn)$/, line);
    notDeepEqual(lines, []);
  });

  test("`helm upgrade` to another image replaces the controller and the proxies, and loses no request", async (context) => {
    const controller = await pods(controllerKubectl, controllers);
    const proxy = await pods(kubectl, proxies);
    await underLoad(context, { cluster, address: await address() }, async () => {
      await runHelm("upgrade", chart, `--set=image.tag=${nextVersion}`);
      await controllerKubectl("rollout", "status", "deployment/gatewright", "--timeout=180s");
      await untilGone(controllerKubectl, controller);
      await untilGone(kubectl, proxy);
    });
    for (const [ask, selector] of [
      [controllerKubectl, controllers],
      [kubectl, proxies],
    ] as const) {
      const running = await pods(ask, selector);
      equal(running.length, 1);
      const image = "--output=jsonpath={.spec.containers[0].image}";
      equal(await ask("get", ...running, image), `gatewright.dev/gatewright:${nextVersion}`);
    }
    const [pod = ""] = await pods(controllerKubectl, controllers);
    equal((await controllerKubectl("exec", pod, "--", "gatewright", "--version")).trim(), nextVersion);
    // The hook that drains is a program of the image, too.
    deepEqual(
      JSON.parse(await kubectl("get", "events", "--field-selector=reason=FailedPreStopHook", "--output=json")).items,
      [],
    );
  });

  test("after `helm uninstall` proxies serve what they have", async (context) => {
    const proxy = await pods(kubectl, proxies);
    const controller = await pods(controllerKubectl, controllers);
    await underLoad(context, { cluster, address: await address() }, async () => {
      await runHelm("uninstall");
      await untilGone(controllerKubectl, controller);
    });
    deepEqual(await pods(kubectl, proxies), proxy);
    match((await get()).pod, /^echo-/);
  });

  test("installed again, it takes over what it finds: no proxy is replaced, and changes are served", async (context) => {
    const proxy = await pods(kubectl, proxies);
    await underLoad(context, { cluster, address: await address() }, async () => {
      await runHelm("install", chart, `--set=image.tag=${nextVersion}`);
      await kubectl("patch", "httproute/echo", "--type=json", `--patch=${JSON.stringify(addHeader)}`);
      await soon(async () => equal((await get()).headers["X-Installed"]?.[0], "again"));
    });
    deepEqual(await pods(kubectl, proxies), proxy);
  });
});
