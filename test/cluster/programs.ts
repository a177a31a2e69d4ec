/**
 * Builds the Go programs that a test cluster is made of, once, into `~/.cache/gatewright/test-cluster` (XDG_CACHE_HOME), which all
 * checkouts share as they share Envoy.
 *
 * Kubernetes takes ten minutes from empty Go caches on two cores, and a minute to link again. So a program is kept under a
 * hash of all that goes into it: its sources, the versions of its modules, and how it is built.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { goToolchain } from "../../scripts/go-toolchain.ts";
import { cacheDirectory } from "../../src/fleet/cache-directory.ts";

const root = join(import.meta.dirname, "../..");
const cache = join(cacheDirectory(process.env), "test-cluster");
const minimumGo = "1.26";

/** A command below `test/cluster/programs` or in a module of its own. */
export interface Program {
  readonly name: string;
  /** The Go module's folder. */
  readonly module: string;
  /** The package's folder in it. */
  readonly package: string;
  readonly ldflags?: string;
  /** Its tests as a program, instead of a command. */
  readonly test?: boolean;
  /** Default: 1.26. */
  readonly minimumGo?: string;
}

const module = join(import.meta.dirname, "programs");

/** What Kubernetes' programs say that they are; without it clients can't parse the server's version. */
function versionStamp(): string {
  const version = /^\tk8s\.io\/kubernetes (v\d+\.(\d+)\.\S+)$/m.exec(readFileSync(join(module, "go.mod"), "utf8"));
  if (version === null) throw new Error("programs/go.mod names no k8s.io/kubernetes");
  return ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"]
    .flatMap((variables) => [
      `-X ${variables}.gitVersion=${version[1]}`,
      `-X ${variables}.gitMajor=1`,
      `-X ${variables}.gitMinor=${version[2]}`,
      `-X ${variables}.gitTreeState=clean`,
    ])
    .join(" ");
}

/** etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kube-proxy and kubectl. */
export const kube: Program = { name: "kube", module, package: "./kube", ldflags: versionStamp() };
/** Runs containers for kubelet. */
export const runtime: Program = { name: "runtime", module, package: "./runtime" };
/** Gives addresses to Services of type LoadBalancer. */
export const loadBalancer: Program = { name: "loadbalancer", module, package: "./loadbalancer" };
/** CoreDNS. */
export const dns: Program = { name: "dns", module, package: "./dns" };
/** Holds namespaces open. */
export const pause: Program = { name: "pause", module, package: "./pause" };

/** cert-manager's controllers; a module of its own, for it wants other versions of what Kubernetes is made of. */
export const certManager: Program = {
  name: "cert-manager",
  module: join(import.meta.dirname, "cert-manager"),
  package: ".",
};

/**
 * The path of a program, which is built first where it must be.
 *
 * @throws Error with Go's own words when it can't be built
 */
export async function build(program: Program): Promise<string> {
  const folder = join(cache, `${program.name}-${fingerprint(program)}`);
  const path = join(folder, program.name);
  if (existsSync(path)) {
    const now = new Date();
    utimesSync(folder, now, now);
    return path;
  }
  mkdirSync(cache, { recursive: true });
  removeUnused(program);
  const partial = mkdtempSync(`${folder}-`);
  try {
    const go = goToolchain(program.minimumGo ?? minimumGo);
    const started = performance.now();
    process.stderr.write(`building ${program.name}${program === kube ? " (ten minutes the first time)" : ""}\n`);
    await runGo(go, program.module, [
      ...(program.test === true ? ["test", "-c"] : ["build"]),
      "-v",
      "-trimpath",
      `-ldflags=-s -w ${program.ldflags ?? ""}`,
      "-o",
      join(partial, program.name),
      program.package,
    ]);
    process.stderr.write(`built ${program.name} in ${((performance.now() - started) / 1000).toFixed(0)} s\n`);
    try {
      renameSync(partial, folder);
    } catch (error) {
      // Another process was first with the same.
      if (!existsSync(path)) throw error;
    }
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return path;
}

/** The paths of all programs of a cluster. */
export interface ClusterPrograms {
  readonly kube: string;
  readonly runtime: string;
  readonly loadBalancer: string;
  readonly dns: string;
  readonly pause: string;
}

/** All programs that a cluster is made of. */
export async function buildAll(): Promise<ClusterPrograms> {
  return {
    kube: await build(kube),
    runtime: await build(runtime),
    loadBalancer: await build(loadBalancer),
    dns: await build(dns),
    pause: await build(pause),
  };
}

/** Earlier versions that no checkout has asked for in a week. */
function removeUnused(program: Program): void {
  const week = 7 * 24 * 60 * 60 * 1000;
  for (const folder of globSync(join(cache, `${program.name}-*`))) {
    if (Date.now() - statSync(folder).mtimeMs > week) rmSync(folder, { recursive: true, force: true });
  }
}

function fingerprint(program: Program): string {
  const hash = createHash("sha256");
  // Which module is needed by whom, and in what order they are listed, changes nothing.
  const modules = readFileSync(join(program.module, "go.mod"), "utf8")
    .replaceAll(" // indirect", "")
    .split("\n")
    .sort();
  hash.update(modules.join("\n")).update(readFileSync(join(program.module, "go.sum")));
  // Embedded manifests are a part of it, too.
  for (const file of globSync(join(program.module, program.package, "**/{*.go,manifests/*.yaml}")).sort()) {
    if (program.test === true || !file.endsWith("_test.go"))
      hash.update(`${relative(root, file)}\n`).update(readFileSync(file));
  }
  hash.update(`${program.ldflags ?? ""} ${process.arch}`);
  return hash.digest("hex").slice(0, 16);
}

/** Runs Go, tells every now and then how far it is, and shows what is wrong. */
function runGo(go: string, cwd: string, args: readonly string[]): Promise<void> {
  const env = { ...process.env, CGO_ENABLED: "0", GOTOOLCHAIN: "local", GOFLAGS: "-buildvcs=false" };
  return new Promise((resolve, reject) => {
    const child = spawn(go, args, { cwd, env, stdio: ["ignore", "ignore", "pipe"] });
    let downloaded = 0;
    let compiled = 0;
    const said: string[] = [];
    createInterface({ input: child.stderr }).on("line", (line) => {
      if (line.startsWith("go: downloading ")) downloaded += 1;
      else if (/^[\w./~-]+$/.test(line)) compiled += 1;
      else said.push(line);
    });
    const report = setInterval(() => {
      process.stderr.write(`  ${downloaded} modules downloaded, ${compiled} packages compiled\n`);
    }, 15_000);
    child.on("error", reject);
    child.on("close", (code) => {
      clearInterval(report);
      if (code === 0) resolve();
      else reject(new Error(`go ${args.join(" ")} in ${relative(root, cwd)} failed:\n${said.join("\n")}`));
    });
  });
}
