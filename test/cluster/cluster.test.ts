import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { eventually } from "../e2e/harness/wait.ts";
import { startCluster, type TestCluster } from "./cluster.ts";
import { objects } from "./fixtures/objects.ts";
import { needsRoot } from "./fixtures/start-shop.ts";
import { layout } from "./layout.ts";

describe("a test cluster", needsRoot, () => {
  let cluster: TestCluster;
  const kubectl = (...args: readonly string[]) => cluster.kubectl(args);
  const get = async (url: string, ...more: readonly string[]) =>
    await cluster.execute(["curl", "--silent", "--show-error", "--max-time", "5", ...more, url]);

  before(async () => {
    cluster = await startCluster({ name: "cluster-test", channel: "standard" });
    await cluster.apply(...objects("before"));
    await kubectl("rollout", "status", "deployment", "--timeout=60s");
  });
  after(async () => await cluster?.stop());

  test("has the custom resources of its channel", async () => {
    const kinds = (await kubectl("api-resources", "--api-group=gateway.networking.k8s.io", "--output=name")).split(
      "\n",
    );
    ok(kinds.includes("listenersets.gateway.networking.k8s.io"));
    equal(await kubectl("get", "crd", "xmeshes.gateway.networking.x-k8s.io", "--ignore-not-found"), "");
  });

  test("answers at a Service's address, from the node and from pods, by address and by name", async () => {
    const clusterIp = await kubectl("get", "service", "web", "--output=jsonpath={.spec.clusterIP}");
    const pods = (await kubectl("get", "pods", "--selector=app=web", "--output=name")).trim().split("\n").sort();
    const answers = new Set<string>();
    // kube-proxy chooses at random: 2 of 2 endpoints unseen after 30 has a probability of 2^-29.
    for (let each = 0; each < 30; each += 1) answers.add(`pod/${(await get(`http://${clusterIp}/name`)).trim()}`);
    deepEqual([...answers].sort(), pods);
    const inside = (url: string) => kubectl("exec", "deployment/web", "--", "curl", "-sS", "--max-time", "5", url);
    // The pod itself is among the endpoints.
    for (let each = 0; each < 4; each += 1) match(await inside(`http://${clusterIp}/name`), /^web-/);
    match(await inside("http://web/name"), /^web-/);
    match(await inside("http://web.default.svc.cluster.local/name"), /^web-/);
    await rejects(inside("http://example.com/"), /Could not resolve host/);
  });

  test("gives addresses to Services of type LoadBalancer, and those that were asked for where they can be had", async () => {
    const addresses = (service: string) =>
      kubectl("get", "service", service, "--output=jsonpath={.status.loadBalancer.ingress[*].ip}");
    await kubectl(
      "wait",
      "--for=jsonpath={.status.loadBalancer.ingress}",
      "service/any",
      "service/asks",
      "--timeout=20s",
    );
    const any = await addresses("any");
    match(await get(`http://${any}/name`), /^web-/);
    equal(await addresses("asks"), layout.usableAddress);
    match(await get(`http://${layout.usableAddress}/name`), /^web-/);
    equal(await addresses("asks-in-vain"), "");
    match(await get("http://10.98.0.1/name"), /^web-/);
    // UDP, at the same address as TCP.
    equal((await cluster.execute(["python3", "-c", askByDatagram, any])).trim(), "HELLO");
  });

  test("shows a changed Secret and ConfigMap to pods that run", async () => {
    const read = (file: string) => kubectl("exec", "deployment/web", "--", "cat", file);
    equal(await read("/secret/key"), "before");
    await cluster.apply(...objects("after"));
    await eventually(async () => equal(await read("/secret/key"), "after"));
    await eventually(async () => equal(await read("/configuration/key"), "after"));
  });

  test("runs probes, init containers and hooks, and gives pods their fields and a token", async () => {
    const log = await kubectl("logs", "pod/fields", "--container=main");
    match(log, /^init ran\nname fields\nip 10\.244\.\d+\.\d+\nsecret (before|after)\nuser 1000\n/);
    await kubectl("wait", "--for=condition=Ready", "pod/fields", "--timeout=20s");
    const version =
      'curl -sS --max-time 5 --cacert $D/ca.crt -H "Authorization: Bearer $(cat $D/token)" https://kubernetes.default.svc/version';
    const shell = `D=/var/run/secrets/kubernetes.io/serviceaccount; ${version}`;
    match(await kubectl("exec", "pod/fields", "--", "sh", "-c", shell), /"gitVersion": "v1\./);
    const ready = () =>
      kubectl("get", "pod/fields", "--output=jsonpath={.status.conditions[?(@.type=='Ready')].status}");
    await kubectl("exec", "pod/fields", "--", "rm", "/tmp/ready");
    await eventually(async () => equal(await ready(), "False"));
    // preStop holds the pod until it is let go; its endpoint says meanwhile that it is ending, and is not ready.
    const ended = kubectl("delete", "pod/fields", "--timeout=60s");
    const conditions = "{.items[0].endpoints[0].conditions.terminating} {.items[0].endpoints[0].conditions.ready}";
    const slice = ["endpointslice", "--selector=kubernetes.io/service-name=fields", `--output=jsonpath=${conditions}`];
    await eventually(async () => equal(await kubectl("get", ...slice), "true false"));
    await kubectl("exec", "pod/fields", "--", "touch", "/tmp/go");
    await ended;
  });

  test("loses and gets back its API server", async () => {
    await cluster.stopComponent("kube-apiserver");
    await rejects(kubectl("get", "pods"));
    await cluster.startComponent("kube-apiserver");
    match(await kubectl("get", "pods"), /web-/);
  });

  test("has neighbours; and nothing is left of one whose starter is killed", async () => {
    const starter = spawn(
      process.execPath,
      [join(import.meta.dirname, "fixtures/start-and-wait.ts"), "cluster-test-2"],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const lines = createInterface({ input: starter.stdout });
    const folder = await new Promise<string>((resolve, reject) => {
      lines.on("line", resolve);
      starter.on("close", () => reject(new Error("the starter ended")));
    });
    ok(processesOf(folder).length > 8, "etcd, API server, and the others");
    match(await kubectl("get", "pods"), /web-/);
    starter.kill("SIGKILL");
    await eventually(() => {
      deepEqual(processesOf(folder), []);
      equal(existsSync(folder), false);
    });
    match(await kubectl("get", "pods"), /web-/);
  });
});

/** Command lines of processes that name the folder. */
function processesOf(folder: string): readonly string[] {
  return globSync("/proc/[0-9]*/cmdline").flatMap((file) => {
    try {
      const command = readFileSync(file, "utf8").replaceAll("\0", " ");
      return command.includes(folder) ? [command] : [];
    } catch {
      return [];
    }
  });
}

const askByDatagram = `
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(5)
s.sendto(b"hello", (sys.argv[1], 53))
print(s.recv(100).decode())
`;
