import { deepEqual, equal, match, ok } from "node:assert/strict";
import { execFileSync, type SpawnSyncReturns, spawnSync } from "node:child_process";
import { cpSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startExample } from "./e2e/harness/example.ts";
import { httpClient } from "./e2e/harness/http-client.ts";

const root = join(import.meta.dirname, "..");

/** PATH without the programs that npm puts first, so that `node` is the one that the machine has. */
const systemPath = (process.env["PATH"] ?? "")
  .split(delimiter)
  .filter((folder) => !folder.includes("node_modules"))
  .join(delimiter);
/** The oldest Node that package.json admits (engines). */
const oldestNode = "20.0.0";

describe("the package, installed elsewhere", () => {
  let folder = "";
  let command = "";
  let oldest = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "gatewright-package-"));
    const env = { ...process.env, PATH: systemPath };
    execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: root, env });
    const [tarball = ""] = readdirSync(folder);
    const project = join(folder, "project");
    cpSync(join(root, "examples/quickstart"), join(project, "routes"), { recursive: true });
    writeFileSync(join(project, "package.json"), "{}");
    // What `npm ci` downloaded for the checkout is in npm's cache already.
    const quiet = ["--silent", "--no-audit", "--no-fund", "--prefer-offline"];
    execFileSync("npm", ["install", ...quiet, join(folder, tarball)], { cwd: project, env });
    command = join(project, "node_modules/.bin/gatewright");
    const build = `node-${process.platform}-${process.arch}`;
    execFileSync("npm", ["install", ...quiet, "--prefix", folder, `${build}@${oldestNode}`], { cwd: folder, env });
    oldest = join(folder, "node_modules", build, "bin/node");
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test("holds what runs, and nothing else", () => {
    const installed = join(folder, "project/node_modules/gatewright");
    deepEqual(
      readdirSync(installed).sort(),
      ["CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md", "bin", "dist", "docs", "package.json"].sort(),
    );
    const data = (place: string): readonly string[] =>
      globSync("src/**/generated/**/*.json", { cwd: place }).toSorted();
    deepEqual(data(join(installed, "dist")), data(root));
    const tests = readdirSync(join(installed, "dist"), { recursive: true, encoding: "utf8" }).filter((name) =>
      /\.test\.|testing|fixtures|testdata|conformance/.test(name),
    );
    deepEqual(tests, []);
    const [tarball = ""] = globSync(join(folder, "*.tgz"));
    const { size } = statSync(tarball);
    ok(size > 100_000 && size < 1_000_000, `${size} bytes`);
  });

  test("nothing in it needs a newer Node than the oldest that it admits", () => {
    const { engines } = JSON.parse(readFileSync(join(folder, "project/node_modules/gatewright/package.json"), "utf8"));
    equal(engines.node, `>=${oldestNode.split(".")[0]}`);
    const modules = globSync("src/**/*.js", { cwd: join(folder, "project/node_modules/gatewright/dist") });
    // Which of its exports a module of Node's has is checked when the modules are linked.
    const imports = modules.filter((name) => name !== "src/cli/main.js").map((name) => `import "./${name}";\n`);
    const all = join(folder, "project/node_modules/gatewright/dist/all.mjs");
    writeFileSync(all, imports.join(""));
    const { status, stderr } = spawnSync(oldest, [all], { encoding: "utf8" });
    rmSync(all);
    equal(status, 0, stderr);
  });

  for (const [name, node] of [
    [`Node ${oldestNode}`, () => oldest],
    [`Node ${process.versions.node}`, () => process.execPath],
  ] as const) {
    describe(`under ${name}`, () => {
      const run = (...args: readonly string[]): SpawnSyncReturns<string> =>
        spawnSync(node(), [command, ...args], {
          cwd: join(folder, "project"),
          encoding: "utf8",
          env: { ...process.env, PATH: systemPath },
        });

      test("says its version", () => {
        const { status, stdout, stderr } = run("--version");
        deepEqual({ status, stderr }, { status: 0, stderr: "" });
        match(stdout, /^\d+\.\d+\.\d+\n$/);
      });

      test("validates", () => {
        const good = run("validate", "routes");
        equal(good.status, 0, good.stdout + good.stderr);
        writeFileSync(join(folder, "project/wrong.yaml"), "apiVersion: v1\nkind: Namespace\nmetadata: { nam: x }\n");
        const wrong = run("validate", "wrong.yaml");
        equal(wrong.status, 1, wrong.stdout + wrong.stderr);
        match(wrong.stdout, /wrong\.yaml:3:13 {2}error {2}unknown-field/);
      });

      test("reads files with what they mean", () => {
        const { status, stdout } = run("get", "httproutes", "-f", "routes", "-o", "name");
        deepEqual(
          { status, stdout },
          { status: 0, stdout: "httproute.gateway.networking.k8s.io/blog\nhttproute.gateway.networking.k8s.io/shop\n" },
        );
      });

      test("serves", async (t) => {
        const options = { command: [node(), command], env: { PATH: systemPath } };
        const { gateway } = await startExample(t, "quickstart", options);
        const client = httpClient(gateway.port(8080));
        t.after(() => client.close());
        equal((await client.send({ host: "shop.localhost", path: "/api" })).echo().service, "shop-api");
        match((await gateway.cli("get", "gateways")).stdout, /^quickstart +gatewright +\S+ +True/m);
        equal(await gateway.stop(), 0);
      });
    });
  }
});
