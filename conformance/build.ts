/**
 * Builds the upstream conformance suite and the echo server that its manifests ask for; kept in .cache until their
 * sources change.
 *
 *     node conformance/build.ts      # prints the paths
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { download } from "../scripts/generate/go.ts";
import { goToolchain } from "../scripts/go-toolchain.ts";

export interface ConformancePrograms {
  /** The suite as a Go test binary. */
  readonly suite: string;
  /** The server of the image `registry.k8s.io/gateway-api/conformance/echo-basic`. */
  readonly echoBasic: string;
}

/** The last release of the suite that carried the echo server which its successors take from a module of its own. */
const echoServers = {
  path: "sigs.k8s.io/gateway-api/conformance",
  version: "v1.6.3",
  sum: "h1:UxhSb1GrDsyl+PdKe3g8a/BFWgP6hzy2PPFmZRgqeMQ=",
} as const;

const folder = import.meta.dirname;

/** @throws Error when Go, or a module, can't be had, or what they give can't be built */
export function buildConformance(): ConformancePrograms {
  const target = join(folder, "..", ".cache", "conformance", fingerprint());
  const programs = { suite: join(target, "conformance.test"), echoBasic: join(target, "echo-basic") };
  if (existsSync(programs.suite) && existsSync(programs.echoBasic)) return programs;
  console.error("building the conformance suite (a minute, the first time some more) …");
  const partial = `${target}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  copyEchoBasic();
  go("images", "build", "-trimpath", "-ldflags=-s -w", "-o", join(partial, "echo-basic"), "./echo-basic");
  go(".", "test", "-c", "-trimpath", "-ldflags=-s -w", "-o", join(partial, "conformance.test"), ".");
  rmSync(target, { recursive: true, force: true });
  renameSync(partial, target);
  return programs;
}

/** From the module that has it, under the import path that the suite now expects it at. */
function copyEchoBasic(): void {
  const source = download(echoServers);
  const copy = join(folder, "images", "echo-basic");
  rmSync(copy, { recursive: true, force: true });
  for (const file of globSync("echo-basic/**/*.go", { cwd: source })) {
    if (file.endsWith("_test.go")) continue;
    const text = readFileSync(join(source, file), "utf8").replaceAll(
      `"${echoServers.path}/echo-basic/`,
      '"sigs.k8s.io/gateway-api-conformance-images/echo-basic/',
    );
    const path = join(folder, "images", file);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, text);
  }
  cpSync(join(source, "LICENSE"), join(copy, "LICENSE"));
}

function go(where: string, ...args: readonly string[]): void {
  execFileSync(goToolchain("1.27"), args, {
    cwd: join(folder, where),
    // Go reports on standard output, too; ours is for the paths.
    stdio: ["ignore", 2, 2],
    env: { ...process.env, GOTOOLCHAIN: "local", GOFLAGS: "-buildvcs=false", CGO_ENABLED: "0" },
  });
}

function fingerprint(): string {
  const hash = createHash("sha256");
  for (const file of globSync(["*.go", "*/*.go", "**/go.mod", "**/go.sum", "tests/**", "build.ts"], {
    cwd: folder,
  }).sort()) {
    if (!file.startsWith("images/echo-basic")) hash.update(file).update(readFileSync(join(folder, file)));
  }
  return hash.digest("hex").slice(0, 16);
}

if (process.argv[1] === import.meta.filename) console.log(buildConformance());
