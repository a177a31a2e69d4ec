import { deepEqual, equal, match } from "node:assert/strict";
import { execFileSync, type SpawnSyncReturns, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, describe, test } from "node:test";

const root = join(import.meta.dirname, "..");

/** PATH without the programs that npm puts first, so that `node` is the one that the machine has. */
const systemPath = (process.env["PATH"] ?? "")
  .split(delimiter)
  .filter((folder) => !folder.includes("node_modules"))
  .join(delimiter);

describe("the package, installed elsewhere", () => {
  let folder = "";
  let command = "";
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
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test("holds what runs, and nothing else", () => {
    const installed = join(folder, "project/node_modules/gatewright");
    const expected = ["LICENSE", "README.md", "CHANGELOG.md", "SECURITY.md"].filter((name) =>
      existsSync(join(root, name)),
    );
    deepEqual(readdirSync(installed).sort(), ["bin", "dist", "package.json", ...expected].sort());
    const tests = readdirSync(join(installed, "dist"), { recursive: true, encoding: "utf8" }).filter((name) =>
      /\.test\.|testing|fixtures|testdata/.test(name),
    );
    deepEqual(tests, []);
  });

  for (const [name, node] of [
    ["the Node of this machine", "node"],
    ["the Node of this checkout", process.execPath],
  ] as const) {
    describe(`under ${name}`, () => {
      const run = (...args: readonly string[]): SpawnSyncReturns<string> =>
        spawnSync(node, [command, ...args], {
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
    });
  }
});
