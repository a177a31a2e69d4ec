/** Runs Go, which only the generators need. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The standard output of `go` with these arguments, run in `folder`. */
export function go(folder: string, ...args: readonly string[]): Buffer {
  const { stdout, stderr, status, error } = spawnSync("go", args, { cwd: folder, maxBuffer: 256 * 1024 * 1024 });
  if (error !== undefined) throw new Error("the generators need Go 1.26 or later on PATH", { cause: error });
  if (status !== 0) throw new Error(`go ${args.join(" ")} in ${folder}: ${stderr.toString()}`);
  return stdout;
}

/** What `make` returned when the given inputs were last the same, kept in .cache/. */
export function cached(name: string, inputs: readonly string[], make: () => Buffer): Buffer {
  const hash = createHash("sha256");
  for (const input of inputs) hash.update(readFileSync(input));
  const path = join(".cache", "generate", `${name}-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(path)) return readFileSync(path);
  const content = make();
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.partial`, content);
  renameSync(`${path}.partial`, path);
  return content;
}
