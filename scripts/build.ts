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
process.chdir(root);
rmSync("dist", { recursive: true, force: true });
execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "--project", "tsconfig.build.json"], {
  stdio: "inherit",
});
for (const file of globSync("src/**/generated/**/*.json")) cpSync(file, join("dist", file));
