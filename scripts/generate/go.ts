/** Runs Go for the generators and for tests, and keeps what it gave. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { goToolchain } from "../go-toolchain.ts";

const cache = join(import.meta.dirname, "../../.cache/generate");

/** The standard output of `go` with these arguments, run in `folder`. */
export function go(folder: string, ...args: readonly string[]): Buffer {
  const { stdout, stderr, status } = run(folder, args);
  if (status !== 0) throw new Error(`go ${args.join(" ")} in ${folder}: ${stderr.toString()}`);
  return stdout;
}

/** A Go module as go.sum pins it. */
export interface GoModule {
  readonly path: string;
  readonly version: string;
  /** The hash of its content, as in go.sum. */
  readonly sum: string;
}

/** The API that we implement. */
export const gatewayApi: GoModule = {
  path: "sigs.k8s.io/gateway-api",
  version: "v1.7.0",
  sum: "h1:duVnm7nO6oXfMMUWfcDoBph47CYR/ME3NGxccOVglaY=",
};

/**
 * The folder of a module's files.
 *
 * A module that asks for a newer Go is unpacked all the same, and `go mod download` then reports an error and no folder:
 * so the folder is made up from the module cache's layout, and the hash decides whether all is well.
 *
 * @throws Error when the module can't be had, or is not the one that was pinned.
 */
export function download({ path, version, sum }: GoModule): string {
  mkdirSync(cache, { recursive: true });
  const { stdout, stderr } = run(cache, ["mod", "download", "-json", `${path}@${version}`]);
  const answer: { readonly Sum?: string } = JSON.parse(stdout.toString() || "{}");
  if (answer.Sum !== sum) throw new Error(`${path}@${version} is not ${sum}: ${stdout.toString()}${stderr.toString()}`);
  return join(go(cache, "env", "GOMODCACHE").toString().trim(), `${path}@${version}`);
}

/** What `make` returned when `inputs` were last the same, kept in .cache/generate. */
export function cached(name: string, inputs: readonly (string | Buffer)[], make: () => Buffer): Buffer {
  const hash = createHash("sha256");
  for (const input of inputs) hash.update(input);
  const path = join(cache, `${name}-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(path)) return readFileSync(path);
  const content = make();
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.partial`, content);
  renameSync(`${path}.partial`, path);
  return content;
}

function run(cwd: string, args: readonly string[]) {
  const result = spawnSync(goToolchain("1.26"), args, { cwd, maxBuffer: 256 * 1024 * 1024 });
  if (result.error !== undefined) throw new Error("Go can't be run", { cause: result.error });
  return result;
}
