/**
 * Makes dist/, which is what the npm package holds: the sources as JavaScript that runs under Node 20 and later, and
 * the data that they read.
 *
 *     node scripts/build.ts
 */
import { execFileSync } from "node:child_process";
import { cpSync, globSync, rmSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

/** Makes it in a folder, in the place of what is there. */
export function buildPackage(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  const compiler = [join(root, "node_modules/typescript/bin/tsc"), "--project", join(root, "tsconfig.build.json")];
  execFileSync(process.execPath, [...compiler, "--outDir", folder], { stdio: "inherit" });
  for (const file of globSync("src/**/generated/**/*.json", { cwd: root }))
    cpSync(join(root, file), join(folder, file));
}

if (process.argv[1] === import.meta.filename) buildPackage(join(root, "dist"));
