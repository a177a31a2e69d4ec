/**
 * Starts and stops a test cluster that stays until it is stopped.
 *
 *     node test/cluster/main.ts up [experimental|standard|none]
 *     node test/cluster/main.ts down
 *     node test/cluster/main.ts build                          # the programs that clusters and their tests need, and no cluster
 *     node test/cluster/main.ts kubectl get pods -A
 *     node test/cluster/main.ts exec curl http://10.97.0.1/      # in the cluster's network
 *
 * RUNTIME=containerd has containerd run the containers, from the image that `make image` builds; default: a runtime of our own, which
 * takes the checkout's files for the image. Either has what examples/cluster/quickstart.yaml needs.
 *
 * CLUSTER names one of several, side by side; default: `default`. With KUBECONFIG set, that cluster is used instead: `up`
 * installs the Gateway API there and `down` leaves it alone.
 */
import { spawnSync } from "node:child_process";
import { buildEchoBasic } from "../../conformance/programs.ts";
import { findCluster, removeLeftovers, startCluster } from "./cluster.ts";
import { fetchContainerd } from "./containerd.ts";
import { type Channel, installGatewayApi } from "./custom-resources.ts";
import { execFileText } from "./execute.ts";
import { build, buildAll, certManager, kube } from "./programs.ts";
import { type ContainerRuntime, withUserImages } from "./user-images.ts";

const name = process.env["CLUSTER"] || "default";
const external = process.env["KUBECONFIG"] || undefined;
const [command = "", ...args] = process.argv.slice(2);

process.exitCode = await main();

async function main(): Promise<number> {
  if (command === "up") return await up(channelOf(args[0]));
  if (command === "down") return await down();
  if (command === "build") {
    await Promise.all([buildAll(), build(certManager), buildEchoBasic(), fetchContainerd()]);
    return 0;
  }
  if (command === "kubectl") return run([await build(kube), "kubectl", ...args]);
  if (command === "exec") return run(args);
  console.error("usage: main.ts up [experimental|standard|none] | down | build | kubectl ARG… | exec COMMAND…");
  return 2;
}

async function up(channel: Channel): Promise<number> {
  const started = performance.now();
  const progress = (message: string) =>
    console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${message}`);
  if (external !== undefined) {
    const program = await build(kube);
    const kubectl = (given: readonly string[], input?: string) =>
      execFileText(program, ["kubectl", ...given], input === undefined ? {} : { input });
    await installGatewayApi({ kubectl }, channel);
    progress(`the Gateway API is in the cluster of ${external} (${channel} channel)`);
    return 0;
  }
  if (findCluster(name) !== undefined) {
    console.log(`the cluster ${name} runs already`);
    return 0;
  }
  const start = (images: object) => startCluster({ name, channel, owned: false, progress, ...images });
  const cluster = await withUserImages(runtimeOf(process.env["RUNTIME"]), start);
  console.log(`the cluster ${name} is up; its kubeconfig, certificates and logs are in ${cluster.folder}`);
  return 0;
}

async function down(): Promise<number> {
  if (external !== undefined) {
    console.log(`KUBECONFIG is ${external}: that cluster is not ours to stop`);
    return 0;
  }
  await findCluster(name)?.stop();
  removeLeftovers(name);
  return 0;
}

function run(wanted: readonly string[]): number {
  const cluster = external === undefined ? findCluster(name) : undefined;
  if (external === undefined && cluster === undefined) {
    console.error(`the cluster ${name} doesn't run; start it with: make cluster-up`);
    return 1;
  }
  const [program = "", ...rest] = cluster?.commandLine(wanted) ?? wanted;
  const env = cluster === undefined ? process.env : { ...process.env, KUBECONFIG: cluster.kubeconfig };
  return spawnSync(program, rest, { stdio: "inherit", env }).status ?? 1;
}

function runtimeOf(text: string | undefined): ContainerRuntime {
  if (text === undefined || text === "" || text === "processes") return "processes";
  if (text === "containerd") return "containerd";
  throw new Error(`${text} is no container runtime: processes or containerd`);
}

function channelOf(text: string | undefined): Channel {
  if (text === undefined || text === "experimental") return "experimental";
  if (text === "standard" || text === "none") return text;
  throw new Error(`${text} is no channel: experimental, standard or none`);
}
