import { deepEqual, equal, match, ok } from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { parse, stringify } from "yaml";
import { startCluster, type TestCluster } from "./cluster.ts";
import { installGatewayApi } from "./custom-resources.ts";
import { needsRoot } from "./fixtures/start-shop.ts";

const root = join(import.meta.dirname, "../..");
const apiVersion = "gateway.networking.k8s.io/v1";

interface Line {
  readonly changes?: readonly string[];
  readonly served?: readonly string[];
  readonly observed?: string;
  readonly status?: unknown;
  readonly message?: string;
}

/** What `follow.ts` was told, from when it was started. */
class Follower {
  readonly lines: Line[] = [];
  readonly process: ChildProcess;
  readonly #told = new EventTarget();

  constructor(cluster: TestCluster, ...namespaces: readonly string[]) {
    const script = join(import.meta.dirname, "follow.ts");
    const [program = "", ...args] = cluster.commandLine([process.execPath, script, cluster.kubeconfig, ...namespaces]);
    this.process = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    if (this.process.stdout === null) throw new Error("no output");
    createInterface(this.process.stdout).on("line", (line) => {
      this.lines.push(JSON.parse(line));
      this.#told.dispatchEvent(new Event("told"));
    });
  }

  /** Waits until something was told that fits, from the line of this number on. */
  async until(fits: (line: Line) => boolean, from = 0): Promise<Line> {
    for (;;) {
      const found = this.lines.slice(from).find(fits);
      if (found !== undefined) return found;
      await once(this.#told, "told");
    }
  }

  /** Everything that changed from the line of this number on, each once. */
  changes(from: number): readonly string[] {
    return [...new Set(this.lines.slice(from).flatMap(({ changes = [] }) => changes))].sort();
  }

  async stop(): Promise<void> {
    this.process.kill("SIGKILL");
    await once(this.process, "close");
  }
}

function changed(name: string): (line: Line) => boolean {
  return ({ changes }) => changes?.includes(name) === true;
}

describe("a real API server", { ...needsRoot, timeout: 240_000 }, () => {
  let cluster: TestCluster;
  let follower: Follower;
  before(async () => {
    cluster = await startCluster({ name: "source", channel: "none" });
    await cluster.kubectl(["create", "namespace", "shop"]);
    follower = new Follower(cluster);
  });
  after(async () => {
    await follower?.stop();
    await cluster?.stop();
  });

  const route = (name: string, port = 80) => ({
    apiVersion,
    kind: "HTTPRoute",
    metadata: { namespace: "shop", name },
    spec: { parentRefs: [{ name: "public" }], rules: [{ backendRefs: [{ name: "cart", port }] }] },
  });
  const service = (name: string) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace: "shop", name },
    spec: { ports: [{ port: 80, targetPort: 8080 }] },
  });

  test("without the Gateway API everything else is there; its kinds come when they are installed", async () => {
    const first = await follower.until(({ changes }) => changes !== undefined);
    ok(first.changes?.includes("Service/default/kubernetes"));
    ok(first.changes?.includes("EndpointSlice/default/kubernetes"));
    const custom = (line: Line) => (line.served ?? []).filter((kind) => kind.includes("Gateway"));
    deepEqual(follower.lines.flatMap(custom), []);
    await installGatewayApi(cluster, "experimental");
    await follower.until((line) => custom(line).includes("Gateway v1 v1.7.0 experimental"));
    await cluster.apply(route("first"));
    await follower.until(changed("HTTPRoute/shop/first"));
  });

  test("a status is observed and changes nothing; a whole apply of objects is few batches", async () => {
    const from = follower.lines.length;
    const condition = { type: "Accepted", status: "True", reason: "Accepted", message: "" };
    const conditions = [{ ...condition, lastTransitionTime: "2026-01-01T00:00:00Z" }];
    const parents = [{ parentRef: { name: "public" }, controllerName: "example.com/other", conditions }];
    const patch = ["--subresource=status", "--type=merge", "-p", JSON.stringify({ status: { parents } })];
    await cluster.kubectl(["patch", "httproute", "first", "-n", "shop", ...patch]);
    await follower.until(({ observed, status }) => observed === "HTTPRoute/shop/first" && status !== undefined, from);
    await cluster.apply(service("cart"), route("second"), route("third"));
    await follower.until(changed("HTTPRoute/shop/third"), from);
    deepEqual(
      follower.changes(from).filter((change) => !change.startsWith("EndpointSlice")),
      ["HTTPRoute/shop/second", "HTTPRoute/shop/third", "Service/shop/cart"],
    );
  });

  test("an API server that was away: only what happened since is told", async () => {
    const from = follower.lines.length;
    await cluster.stopComponent("kube-apiserver");
    await follower.until(({ message }) => message?.includes("can't be read now") === true, from);
    await cluster.startComponent("kube-apiserver");
    await cluster.apply(route("fourth"));
    await follower.until(changed("HTTPRoute/shop/fourth"), from);
    const ours = follower.changes(from).filter((change) => change.includes("/shop/"));
    deepEqual(ours, ["HTTPRoute/shop/fourth"]);
  });

  test("what happened while nobody listened, before an API server began anew: the difference is told, deletions too", async () => {
    const from = follower.lines.length;
    follower.process.kill("SIGSTOP");
    await cluster.kubectl(["delete", "httproute", "second", "-n", "shop"]);
    await cluster.apply(route("third", 81), route("fifth"));
    // What a new API server remembers begins after all this.
    await cluster.stopComponent("kube-apiserver");
    await cluster.startComponent("kube-apiserver");
    follower.process.kill("SIGCONT");
    await follower.until(changed("-HTTPRoute/shop/second"), from);
    await follower.until(changed("HTTPRoute/shop/fifth"), from);
    const ours = follower.changes(from).filter((change) => change.includes("Route/shop/"));
    deepEqual(ours, ["-HTTPRoute/shop/second", "HTTPRoute/shop/fifth", "HTTPRoute/shop/third"]);
  });

  test("get, describe and validate: as on files, with a kubeconfig whose rights end at a namespace", async () => {
    const objects = [
      {
        apiVersion,
        kind: "GatewayClass",
        metadata: { name: "gatewright" },
        spec: { controllerName: "gatewright.dev/gateway-controller" },
      },
      {
        apiVersion,
        kind: "Gateway",
        metadata: { namespace: "shop", name: "public" },
        spec: { gatewayClassName: "gatewright", listeners: [{ name: "http", port: 80, protocol: "HTTP" }] },
      },
      service("cart"),
      route("wrong", 82),
    ];
    await cluster.kubectl(["delete", "httproute", "-n", "shop", "--all"]);
    await cluster.apply(...objects);
    const file = join(cluster.folder, "shop.yaml");
    writeFileSync(file, objects.map((object) => stringify(object)).join("---\n"));
    const gatewright = (...args: readonly string[]) => cluster.execute([join(root, "bin/gatewright"), ...args]);

    const names = ["get", "gateways,httproutes,svc", "-n", "shop", "-o", "name"];
    equal(await gatewright(...names), await gatewright(...names, "-f", file));
    const heading = (text: string) => text.split("\n")[0];
    equal(
      heading(await gatewright("get", "gtw", "-n", "shop")),
      heading(await gatewright("get", "gtw", "-n", "shop", "-f", file)),
    );
    match(await gatewright("describe", "httproute", "wrong", "-n", "shop"), /the Service has no such port/);

    const findings = async (...args: readonly string[]) => {
      // Whether there are findings is what is asked here, not whether it says so by its exit code.
      const command = [join(root, "bin/gatewright"), "validate", "-o", "json", ...args].join(" ");
      const text = await cluster.execute(["sh", "-c", `${command}; [ $? -le 1 ]`]);
      const json: { readonly findings: readonly Record<string, unknown>[] } = JSON.parse(text);
      return json.findings.map(({ code, message, path, severity }) => ({ code, message, path, severity }));
    };
    const inCluster = await findings("-n", "shop");
    deepEqual(inCluster, await findings(file));
    equal(inCluster.length, 1);

    const limited = join(cluster.folder, "limited.kubeconfig");
    await cluster.kubectl(["create", "serviceaccount", "developer", "-n", "shop"]);
    await cluster.kubectl([
      "create",
      "rolebinding",
      "developer",
      "-n",
      "shop",
      "--clusterrole=cluster-admin",
      "--serviceaccount=shop:developer",
    ]);
    const token = (await cluster.kubectl(["create", "token", "developer", "-n", "shop"])).trim();
    const config = parse(await cluster.execute(["cat", cluster.kubeconfig]));
    const [{ context }] = config.contexts;
    const contexts = [{ name: "limited", context: { ...context, user: "developer", namespace: "shop" } }];
    const users = [{ name: "developer", user: { token } }];
    writeFileSync(limited, stringify({ ...config, "current-context": "limited", contexts, users }));
    equal(
      await gatewright("get", "httproutes", "-o", "name", "--kubeconfig", limited),
      `httproute.${apiVersion.split("/")[0]}/wrong\n`,
    );
    match(await gatewright("describe", "httproute", "wrong", "--kubeconfig", limited), /the Service has no such port/);
    match(await gatewright("validate", "--kubeconfig", limited), /partly-readable.*not checked: .*GatewayClass/s);
  });
});
