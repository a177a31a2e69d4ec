/**
 * A real container runtime for a test cluster, in the place of our own: containerd, runc and the CNI plugins of this machine's
 * Debian, unpacked into the cache and not installed. Its containers are made of images, and what a pod's security context
 * says is enforced.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fetchDebianPackages } from "../../scripts/debian-packages.ts";
import { program } from "../../scripts/image/entry.ts";
import { writeArchive } from "../../scripts/image/oci-archive.ts";
import { thisPlatform } from "../../scripts/image/platform.ts";
import { cacheDirectory } from "../../src/fleet/cache-directory.ts";
import { eventually } from "../e2e/harness/wait.ts";
import { layout } from "./layout.ts";

const packages = ["containerd", "runc", "containernetworking-plugins"] as const;
const cache = join(cacheDirectory(process.env), "test-cluster");

/** The image that keeps a pod's namespaces. */
const pauseImage = "gatewright.dev/pause:test";

/** Where containerd is asked. */
export const containerdSocket = "/run/containerd/containerd.sock";

/** The folder of Debian's files, which are fetched once. */
export async function fetchContainerd(): Promise<string> {
  const architecture = thisPlatform().architecture;
  const key = createHash("sha256").update(packages.join(" ")).digest("hex").slice(0, 16);
  const folder = join(cache, `containerd-${architecture}-${key}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(`${folder}-`);
  try {
    const archives = join(work, "archives");
    await fetchDebianPackages(
      packages.map((name) => `${name}:${architecture}`),
      archives,
    );
    const files = join(work, "files");
    for (const archive of globSync(join(archives, "*.deb"))) execFileSync("dpkg-deb", ["--extract", archive, files]);
    renameSync(files, folder);
  } catch (error) {
    // Another process may have been first with the same.
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

/** containerd's command line. */
export function containerdCommand(debian: string, folder: string): readonly string[] {
  const path = [join(debian, "usr/bin"), join(debian, "usr/sbin"), "/usr/sbin:/usr/bin:/sbin:/bin"].join(":");
  return ["env", `PATH=${path}`, "containerd", `--config=${join(folder, "containerd.toml")}`];
}

/** ctr's command line. */
export function ctrCommand(debian: string, ...args: readonly string[]): readonly string[] {
  return [join(debian, "usr/bin/ctr"), "--namespace=k8s.io", ...args];
}

/**
 * containerd's own configuration, in TOML.
 *
 * Processes can't be given a better standing with the out-of-memory killer than the tests' own.
 */
export function containerdConfiguration(debian: string, folder: string): string {
  return `version = 2
root = "/var/lib/containerd/root"
state = "/run/containerd"
[grpc]
  address = "${containerdSocket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "/var/lib/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${join(debian, "usr/lib/cni")}"
    conf_dir = "${join(folder, "cni")}"
`;
}

/**
 * The pods' network: each pod on a pair of interfaces of its own and all routed, so that every packet between pods passes the node's
 * rules, as kube-proxy needs it.
 */
export const podNetwork = {
  cniVersion: "0.4.0",
  name: "pods",
  plugins: [
    {
      type: "ptp",
      ipam: {
        type: "host-local",
        dataDir: "/run/cni",
        ranges: [[{ subnet: layout.podRange, gateway: layout.nodeAddress }]],
        routes: [{ dst: "0.0.0.0/0" }],
      },
    },
  ],
} as const;

/**
 * An image that is one statically linked program, as an archive for containerd.
 *
 * @param name e.g. `gatewright.dev/pause:test`
 */
export async function writeProgramArchive(path: string, name: string, file: string): Promise<void> {
  const entries = [program("/program", { file })];
  const image = {
    platform: thisPlatform(),
    layers: [{ name, entries }],
    configuration: { Entrypoint: ["/program"], User: "65532:65532" },
  };
  await writeArchive(path, { name, images: [image], time: 0, cache: join(cache, "layers") });
}

/** The archive of the image that keeps a pod's namespaces. */
export async function writePauseArchive(path: string, file: string): Promise<void> {
  await writeProgramArchive(path, pauseImage, file);
}

/** The control group below which kubelet makes those of pods: of the cluster in this folder, since other checkouts have others of its name. */
export function controlGroupOf(folder: string): string {
  return `/gatewright-test-cluster-${createHash("sha256").update(folder).digest("hex").slice(0, 16)}`;
}

/** Makes it in each hierarchy of control groups (version 1). */
export async function makeControlGroup(group: string): Promise<void> {
  await removeControlGroup(group);
  for (const hierarchy of hierarchies()) mkdirSync(join(hierarchy, group), { recursive: true });
}

/**
 * Removes it, once the last process in it has ended, which was told to.
 *
 * @throws Error when one goes on for half a minute
 */
export async function removeControlGroup(group: string): Promise<void> {
  await eventually(() => {
    for (const hierarchy of hierarchies()) removeGroup(join(hierarchy, group));
  }, 30_000);
}

function hierarchies(): readonly string[] {
  return globSync("/sys/fs/cgroup/{,*/}cgroup.procs").map((file) => join(file, ".."));
}

/** The files in it go with it, and can't be removed. */
function removeGroup(group: string): void {
  if (!existsSync(group)) return;
  for (const entry of readdirSync(group, { withFileTypes: true }))
    if (entry.isDirectory()) removeGroup(join(group, entry.name));
  rmdirSync(group);
}
