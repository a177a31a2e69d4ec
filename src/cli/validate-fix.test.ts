import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { UsageError } from "./usage-error.ts";
import { type ValidateOptions, validate } from "./validate.ts";

const wrong = `# Our shop.
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop}   # as it is
spec:
  parentRefs: [{ name: public }]
  rules:
  - matches:
    - method: get # any case?
    backendRefs:
    - name: cart
      port: "80"   # web
      wieght: 3
---
# Untouched.
apiVersion:   v1
kind: Namespace
metadata: { name: shop }
`;
const right = wrong.replace("method: get", "method: GET").replace('"80"', "80").replace("wieght", "weight");

describe("validate --fix", () => {
  let root = "";
  const file = (): string => join(root, "routes.yaml");
  before(() => {
    root = mkdtempSync(join(tmpdir(), "validate-fix-"));
  });
  beforeEach(() => writeFileSync(file(), wrong));
  after(() => rmSync(root, { recursive: true }));

  const run = async (options: ValidateOptions, paths: readonly string[] = [file()]) => {
    let stdout = "";
    let stderr = "";
    const code = await validate(paths, {
      stdout: { write: (text) => (stdout += text.replaceAll(root, "DIR")) },
      stderr: { write: (text) => (stderr += text.replaceAll(root, "DIR")) },
      ...options,
    });
    return { code, stdout, stderr };
  };

  test("writes the file, and keeps comments, layout and mode", async () => {
    execFileSync("chmod", ["640", file()]);
    const { code, stdout } = await run({ fix: true });
    deepEqual([code, stdout], [0, "2 valid objects in 1 file; 3 findings mended in 1 file; nothing to mend.\n"]);
    equal(readFileSync(file(), "utf8"), right);
    equal(statSync(file()).mode & 0o777, 0o640);
    deepEqual(readdirSync(root), ["routes.yaml"]);
  });

  test("a second time there is nothing to do", async () => {
    await run({ fix: true });
    equal((await run({ fix: true })).stdout, "2 valid objects in 1 file; nothing to mend.\n");
    equal(readFileSync(file(), "utf8"), right);
  });

  test("writes through a link", async () => {
    const link = join(root, "link.yaml");
    symlinkSync(file(), link);
    await run({ fix: true }, [link]);
    equal(lstatSync(link).isSymbolicLink(), true);
    equal(readFileSync(file(), "utf8"), right);
    rmSync(link);
  });

  test("line ends of Windows and a byte order mark stay", async () => {
    const windows = (text: string): string => `\uFEFF${text.replaceAll("\n", "\r\n")}`;
    writeFileSync(file(), windows(wrong));
    await run({ fix: true });
    equal(readFileSync(file(), "utf8"), windows(right));
  });

  test("--dry-run prints a difference that patch takes, and leaves the file alone", async () => {
    const { code, stdout, stderr } = await run({ fix: true, dryRun: true });
    deepEqual([code, stderr], [1, ""]);
    match(stdout, /^--- DIR\/routes\.yaml\n\+\+\+ DIR\/routes\.yaml\n@@ /);
    equal(readFileSync(file(), "utf8"), wrong);
    execFileSync("git", ["apply", "--unidiff-zero", "-p0", "-"], { cwd: root, input: stdout.replaceAll("DIR/", "") });
    equal(readFileSync(file(), "utf8"), right);
    deepEqual(await run({ fix: true, dryRun: true }), { code: 0, stdout: "", stderr: "" });
  });

  test("what is left is told, on standard error beside a difference", async () => {
    writeFileSync(file(), wrong.replace("name: cart", "name: cart\n      colour: red"));
    match((await run({ fix: true, dryRun: true })).stderr, /routes\.yaml:12:7 {2}error {2}unknown-field\n.*colour/);
    const { code, stdout } = await run({ fix: true, output: "json" });
    const { mended, errors } = JSON.parse(stdout);
    deepEqual({ code, mended, errors }, { code: 1, mended: 3, errors: 1 });
  });

  test("standard input has no file to write to", async () => {
    await rejects(run({ fix: true }, ["-"]), UsageError);
    const stdin = [wrong];
    const { stdout } = await run({ fix: true, dryRun: true, stdin: asyncOf(stdin) }, ["-"]);
    match(stdout, /^--- stdin\n/);
  });

  test("--dry-run without --fix is a mistake in usage", async () => {
    await rejects(run({ dryRun: true }), UsageError);
  });

  test("the text of a run says what --fix would mend", async () => {
    match((await run({})).stdout, /3 errors, 0 warnings\. --fix mends all\.\n$/);
  });
});

async function* asyncOf(texts: readonly string[]): AsyncGenerator<string> {
  yield* texts;
}
