import { execFileSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { buildPackage } from "../build.ts";
import { type Entry, file, link, program } from "./entry.ts";

const root = join(import.meta.dirname, "../..");
const home = "/opt/gatewright";

/**
 * Gatewright as the npm package has it, with the libraries that it needs at run time, at the versions of package-lock.json.
 *
 * @param work an empty folder, to be kept until the entries are read
 * @param version what it says that it is
 */
export function application(work: string, version: string): readonly Entry[] {
  for (const name of ["package.json", "package-lock.json", ".npmrc"]) cpSync(join(root, name), join(work, name));
  const quiet = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
  execFileSync("npm", ["ci", "--omit=dev", ...quiet], { cwd: work, stdio: ["ignore", "ignore", "inherit"] });
  mkdirSync(join(work, "dist"));
  buildPackage(join(work, "dist"));
  const { name, description, license, type, dependencies } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  );
  const manifest = join(work, "package.json");
  writeFileSync(manifest, JSON.stringify({ name, version, description, license, type, dependencies }, null, 2));
  const command = readFileSync(join(root, "bin/gatewright"), "utf8");
  return [
    // There is no env(1) in the image.
    program(`${home}/bin/gatewright`, command.replace(/^#!.*/, "#!/usr/local/bin/node")),
    file(`${home}/bin/package.json`, { file: join(root, "bin/package.json") }),
    file(`${home}/package.json`, { file: manifest }),
    file(`${home}/LICENSE`, { file: join(root, "LICENSE") }),
    ...below(work, "dist/**/*", () => true),
    ...below(root, "docs/findings/*.md", () => true),
    ...below(work, "node_modules/**/*", isNeeded),
    link("/usr/local/bin/gatewright", `${home}/bin/gatewright`),
  ];
}

function below(folder: string, pattern: string, wanted: (path: string) => boolean): readonly Entry[] {
  return globSync(pattern, { cwd: folder, withFileTypes: true })
    .filter((found) => found.isFile())
    .map((found) => join(found.parentPath, found.name))
    .filter(wanted)
    .map((path) => file(join(home, path.slice(folder.length)), { file: path }));
}

/** What Node reads, and licences. Packages also have types, source maps, tests' data and documentation. */
function isNeeded(path: string): boolean {
  // protobufjs depends on types, which only those who compile read.
  if (path.includes("/node_modules/@types/")) return false;
  return /\.(?:[cm]?js|json|wasm|proto|node)$/.test(path) || /^(?:licen[sc]e|notice|copying)/i.test(basename(path));
}
