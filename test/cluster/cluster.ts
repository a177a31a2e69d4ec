/**
 * A Kubernetes cluster of one node on this machine: the real etcd, API server, controllers and kube-proxy, and pods that are
 * processes in namespaces of their own. No Docker, no images: see README.md.
 *
 * @example
 * const cluster = await startCluster({ name: "rolling", channel: "experimental" });
 * await cluster.apply(gateway, route);
 * await cluster.execute(["curl", "http://10.97.0.1/"]);
 * await cluster.stop();
 */
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { KeyPair } from "../../src/certificates/key-pair.ts";
import { silent } from "../../src/fleet/logger.ts";
import { startWatchdog, type Watchdog } from "../../src/fleet/watchdog.ts";
import { createAuthority, signingKey } from "./certificates.ts";
import {
  auditPolicy,
  type ComponentName,
  commandOf,
  dnsConfiguration,
  type Files,
  kubeletConfiguration,
  kubeProxyConfiguration,
  users,
} from "./components.ts";
import {
  containerdConfiguration,
  controlGroupOf,
  ctrCommand,
  fetchContainerd,
  makeControlGroup,
  podNetwork,
  removeControlGroup,
  writePauseArchive,
} from "./containerd.ts";
import { type Channel, installGatewayApi } from "./custom-resources.ts";
import { type ExecuteOptions, execFileText } from "./execute.ts";
import { type Holder, hold, inside, isAlive, release } from "./holder.ts";
import { type Image, images } from "./images.ts";
import { layout } from "./layout.ts";
import { buildAll } from "./programs.ts";

/** What to start. */
export interface ClusterOptions {
  /** Of the cluster, for those that run side by side: a folder's name. */
  readonly name: string;
  /** Which of the Gateway API's custom resources to install. */
  readonly channel: Channel;
  /** Images beyond those that every cluster has. */
  readonly images?: readonly Image[];
  /** containerd runs the containers, instead of a runtime of our own, from these archives of images and no others. */
  readonly containerd?: { readonly archives: readonly string[] };
  /** Users whose requests the API server logs, in `log/audit.log`. */
  readonly audited?: readonly string[];
  /** The cluster ends with this process, whatever ends it. Default: true. */
  readonly owned?: boolean;
  /** Told what is ready. */
  readonly progress?: (message: string) => void;
}

/** A running cluster. */
export interface TestCluster {
  readonly name: string;
  /** Kubeconfigs, certificates and logs. */
  readonly folder: string;
  /** The administrator's kubeconfig. It works in the cluster's network only: see {@link TestCluster.execute}. */
  readonly kubeconfig: string;
  /** The command line that runs `command` in the cluster's network, with this machine's files. */
  readonly commandLine: (command: readonly string[]) => readonly string[];
  /** What a program printed that ran in the cluster's network, with KUBECONFIG set. */
  readonly execute: (command: readonly string[], options?: ExecuteOptions) => Promise<string>;
  /** The command line of kubectl, for what goes on: a watch. */
  readonly kubectlLine: (args: readonly string[]) => readonly string[];
  /** What kubectl printed. */
  readonly kubectl: (args: readonly string[], input?: string) => Promise<string>;
  /** Makes these objects as they are here, whoever made them otherwise. */
  readonly apply: (...objects: readonly object[]) => Promise<void>;
  /** Kills a component as an outage would. */
  readonly stopComponent: (name: ComponentName) => Promise<void>;
  /** Starts a component that was stopped; returns when it is ready. */
  readonly startComponent: (name: ComponentName) => Promise<void>;
  /** Ends everything that runs in the cluster and removes its files. */
  readonly stop: () => Promise<void>;
}

const root = join(import.meta.dirname, "../..");

/** How a cluster is found again by another process. */
interface State {
  readonly holder: Holder;
  readonly files: Files;
}

/**
 * Starts a cluster and waits until pods can run in it.
 *
 * @throws Error when one of that name runs already, or something in it doesn't come up
 */
export async function startCluster(options: ClusterOptions): Promise<TestCluster> {
  const { name, progress = () => {} } = options;
  const folder = folderOf(name);
  const running = readState(folder);
  if (running !== undefined && isAlive(running.holder)) throw new Error(`the cluster ${name} runs already`);
  rmSync(folder, { recursive: true, force: true });
  for (const part of ["pki", "log"]) mkdirSync(join(folder, part), { recursive: true });

  const { pause, ...programs } = await buildAll();
  const files: Files = {
    folder,
    ...programs,
    ...(options.containerd === undefined
      ? {}
      : { containerd: { debian: await fetchContainerd(), controlGroup: controlGroupOf(folder) } }),
  };
  await writeIdentities(folder);
  writeJson(join(folder, "images.json"), [...(await images()), ...(options.images ?? [])]);
  writeJson(join(folder, "audit-policy.json"), auditPolicy(options.audited ?? []));
  writeJson(join(folder, "kube-proxy.json"), kubeProxyConfiguration(folder));
  writeFileSync(join(folder, "Corefile"), dnsConfiguration(folder));
  writeJson(join(folder, "kubelet.json"), kubeletConfiguration(files));
  if (files.containerd !== undefined) {
    await makeControlGroup(files.containerd.controlGroup);
    mkdirSync(join(folder, "cni"));
    writeJson(join(folder, "cni/pods.conflist"), podNetwork);
    writeFileSync(join(folder, "containerd.toml"), containerdConfiguration(files.containerd.debian, folder));
  }
  const watchdog = options.owned === false ? undefined : startWatchdog([folder], silent);
  const holder = await hold(pause, options.owned !== false);
  watchdog?.guard(holder.pid);
  writeJson(join(folder, "state.json"), { holder, files } satisfies State);
  const cluster = handle(name, { holder, files }, watchdog);
  try {
    await Promise.all([cluster.startComponent("etcd"), cluster.startComponent("runtime")]);
    await Promise.all([
      cluster.startComponent("kube-apiserver"),
      importImages({ holder, files }, pause, options.containerd?.archives ?? []),
    ]);
    progress("kube-apiserver is ready");
    await Promise.all([
      ...(["kube-controller-manager", "kube-scheduler", "kube-proxy", "loadbalancer", "dns", "kubelet"] as const).map(
        (each) => cluster.startComponent(each),
      ),
      installGatewayApi(cluster, options.channel),
    ]);
    progress(`the Gateway API is there (${options.channel} channel)`);
    const node = `node/${layout.nodeName}`;
    // One by one: of several that are missing, kubectl says that they are missing.
    await cluster.kubectl(["wait", "--for=create", "serviceaccount/default", "--timeout=60s"]);
    await cluster.kubectl(["wait", "--for=create", node, "--timeout=60s"]);
    await cluster.kubectl(["wait", "--for=condition=Ready", node, "--timeout=60s"]);
    progress("the node is ready");
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  return cluster;
}

/** The cluster of that name if it runs, whoever started it. */
export function findCluster(name: string): TestCluster | undefined {
  const state = readState(folderOf(name));
  return state === undefined || !isAlive(state.holder) ? undefined : handle(name, state, undefined);
}

/** What a cluster that was killed has left. */
export function removeLeftovers(name: string): void {
  if (findCluster(name) === undefined) rmSync(folderOf(name), { recursive: true, force: true });
}

function folderOf(name: string): string {
  return join(root, ".cache/clusters", name);
}

function handle(name: string, { holder, files }: State, watchdog: Watchdog | undefined): TestCluster {
  const kubeconfig = join(files.folder, "admin.kubeconfig");
  const commandLine = (command: readonly string[]) => inside(holder, command, "network");
  const execute: TestCluster["execute"] = async (command, options = {}) => {
    const [program = "", ...args] = commandLine(command);
    return await execFileText(program, args, {
      ...options,
      env: { ...process.env, ...options.env, KUBECONFIG: kubeconfig },
    });
  };
  const kubectl: TestCluster["kubectl"] = (args, input) =>
    execute([files.kube, "kubectl", ...args], input === undefined ? {} : { input });
  const pki = (file: string) => join(files.folder, "pki", file);
  const identity = ["--cacert", pki("ca.crt"), "--cert", pki("admin.crt"), "--key", pki("admin.key")];
  // Not kubectl, which takes longer to start than what is waited for.
  const fetchReady = (url: string) => execute(["curl", "--silent", "--show-error", "--fail", ...identity, url]);
  const processFile = (of: ComponentName) => join(files.folder, `${of}.pid`);
  const ready = {
    etcd: () => fetchReady("http://127.0.0.1:2379/readyz"),
    "kube-apiserver": () => fetchReady(`https://127.0.0.1:${layout.apiPort}/readyz`),
    "kube-controller-manager": undefined,
    "kube-scheduler": undefined,
    "kube-proxy": undefined,
    kubelet: undefined,
    runtime: files.containerd && (() => ctr({ holder, files }, "version")),
    loadbalancer: undefined,
    dns: undefined,
  } as const;
  return {
    name,
    folder: files.folder,
    kubeconfig,
    commandLine,
    execute,
    kubectlLine: (args) => commandLine([files.kube, "kubectl", `--kubeconfig=${kubeconfig}`, ...args]),
    kubectl,
    apply: async (...items) => {
      const list = JSON.stringify({ apiVersion: "v1", kind: "List", items });
      await kubectl(["apply", "--server-side", "--force-conflicts", "--filename=-"], list);
    },
    startComponent: async (wanted) => {
      const log = join(files.folder, "log", `${wanted}.log`);
      const output = openSync(log, "a");
      const command = inside(holder, commandOf(wanted, files), "all");
      const [program = "", ...args] = command;
      const child = spawn(program, args, { detached: true, cwd: "/", stdio: ["ignore", output, output] });
      closeSync(output);
      child.unref();
      writeFileSync(processFile(wanted), String(child.pid));
      const check = ready[wanted];
      if (check === undefined) return;
      const deadline = Date.now() + 120_000;
      for (;;) {
        try {
          await check();
          return;
        } catch (error) {
          if (child.exitCode !== null || Date.now() > deadline) {
            throw new Error(`${wanted} doesn't come up: ${readFileSync(log, "utf8").slice(-2000)}`, { cause: error });
          }
        }
        await delay(50);
      }
    },
    stopComponent: async (unwanted) => {
      const pid = Number(readFileSync(processFile(unwanted), "utf8"));
      // nsenter's death takes the component along.
      process.kill(pid, "SIGKILL");
      while (existsSync(`/proc/${pid}`)) await delay(5);
    },
    stop: async () => {
      await release(holder);
      watchdog?.close();
      if (files.containerd !== undefined) await removeControlGroup(files.containerd.controlGroup);
      rmSync(files.folder, { recursive: true, force: true });
    },
  };
}

/** Runs containerd's own client, in the cluster's namespaces. */
async function ctr({ holder, files }: State, ...args: readonly string[]): Promise<string> {
  if (files.containerd === undefined) throw new Error("this cluster has no containerd");
  const [program = "", ...rest] = inside(holder, ctrCommand(files.containerd.debian, ...args), "all");
  return await execFileText(program, rest);
}

async function importImages(state: State, pause: string, archives: readonly string[]): Promise<void> {
  if (state.files.containerd === undefined) return;
  const pauseArchive = join(state.files.folder, "pause.tar");
  await writePauseArchive(pauseArchive, pause);
  for (const archive of [pauseArchive, ...archives]) await ctr(state, "images", "import", archive);
}

async function writeIdentities(folder: string): Promise<void> {
  const authority = await createAuthority("test-cluster");
  const write = (name: string, text: string) => writeFileSync(join(folder, "pki", name), text, { mode: 0o600 });
  const writePair = (name: string, pair: KeyPair) => {
    write(`${name}.crt`, pair.certificate);
    write(`${name}.key`, pair.key);
  };
  write("ca.crt", authority.certificate);
  writePair(
    "kube-apiserver",
    await authority.issue({
      server: "kube-apiserver",
      addresses: ["127.0.0.1", layout.nodeAddress, layout.apiService],
      hostnames: ["localhost", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"],
    }),
  );
  for (const [name, subject] of Object.entries(users)) {
    const pair = await authority.issue(subject);
    writePair(name, pair);
    writeJson(join(folder, `${name}.kubeconfig`), kubeconfigOf(name, authority.certificate, pair));
  }
  const tokens = await signingKey();
  write("service-accounts.key", tokens.privateKey);
  write("service-accounts.pub", tokens.publicKey);
}

function kubeconfigOf(user: string, authority: string, { certificate, key }: KeyPair): object {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: "test",
        cluster: {
          server: `https://127.0.0.1:${layout.apiPort}`,
          "certificate-authority-data": base64(authority),
        },
      },
    ],
    users: [{ name: user, user: { "client-certificate-data": base64(certificate), "client-key-data": base64(key) } }],
    contexts: [{ name: "test", context: { cluster: "test", user } }],
    "current-context": "test",
  };
}

function readState(folder: string): State | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, "state.json"), "utf8"));
  } catch {
    return undefined;
  }
}

function writeJson(path: string, value: object): void {
  writeFileSync(path, JSON.stringify(value, null, 2), { mode: 0o600 });
}
