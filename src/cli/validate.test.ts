import { deepEqual, equal, match, ok } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Finding } from "../resources/finding.ts";
import { type ValidateExitCode, type ValidateOptions, validate } from "./validate.ts";

const namespace = (name: string): string => `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${name}\n`;

describe("validate", () => {
  let root = "";
  const at = (name: string): string => join(root, name);
  before(() => {
    root = mkdtempSync(join(tmpdir(), "validate-"));
    writeFileSync(at("good.yaml"), namespace("shop"));
    writeFileSync(at("wrong.yaml"), `---\n${namespace("Shop")}`);
    writeFileSync(at("again.yaml"), namespace("shop"));
    writeFileSync(at("deployment.yaml"), "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: cart\n");
  });
  after(() => rmSync(root, { recursive: true }));

  const run = async (
    paths: readonly string[],
    options: ValidateOptions = {},
  ): Promise<{ readonly code: ValidateExitCode; readonly printed: string }> => {
    let printed = "";
    const stdout = { write: (text: string) => (printed += text.replaceAll(root, "DIR")) };
    return { code: await validate(paths, { stdout, ...options }), printed };
  };
  const analyse = (): readonly Finding[] => [missing];
  const missing: Finding = {
    severity: "warning",
    code: "backend-not-found",
    message: "There is no Service cart.",
    origin: { resource: { group: "", kind: "Namespace", name: "shop" }, path: ["metadata", "name"] },
  };

  test("says so when there is nothing to mend", async () => {
    deepEqual(await run([at("good.yaml")]), { code: 0, printed: "1 valid object in 1 file; nothing to mend.\n" });
  });

  test("prints where, what and the remedy, and counts", async () => {
    deepEqual(await run([at("wrong.yaml")]), {
      code: 1,
      printed: `DIR/wrong.yaml:5:9  error  invalid-name
  metadata.name "Shop" is no valid name: it takes lower-case letters, digits and -, and begins and ends with a letter or digit.
  Write shop.

0 valid objects in 1 file; 1 error, 0 warnings.
`,
    });
  });

  test("prints JSON", async () => {
    const { code, printed } = await run([at("wrong.yaml"), at("good.yaml")], { output: "json" });
    equal(code, 1);
    const { findings, ...counts } = JSON.parse(printed);
    deepEqual(counts, { files: 2, objects: 1, errors: 1, warnings: 0 });
    deepEqual(findings[0], {
      severity: "error",
      code: "invalid-name",
      message: findings[0].message,
      remedy: "Write shop.",
      file: "DIR/wrong.yaml",
      line: 5,
      column: 9,
      resource: { group: "", kind: "Namespace", name: "Shop" },
      path: "metadata.name",
    });
  });

  test("colours only on a terminal", async () => {
    let printed = "";
    const write = (text: string): string => (printed += text);
    const setting = process.env["NO_COLOR"];
    try {
      delete process.env["NO_COLOR"];
      await validate([at("wrong.yaml")], { stdout: { write, isTTY: true } });
      ok(printed.includes("\u001b[31merror\u001b[0m"));
      process.env["NO_COLOR"] = "1";
      printed = "";
      await validate([at("wrong.yaml")], { stdout: { write, isTTY: true } });
      equal(printed.includes("\u001b"), false);
    } finally {
      if (setting === undefined) delete process.env["NO_COLOR"];
      else process.env["NO_COLOR"] = setting;
    }
  });

  test("reads standard input", async () => {
    const { code, printed } = await run(["-"], { stdin: input(namespace("Shop")) });
    equal(code, 1);
    match(printed, /^stdin:4:9 {2}error {2}invalid-name$/m);
  });

  test("the same object twice is an error at the second", async () => {
    const { code, printed } = await run([at("good.yaml"), at("again.yaml")]);
    equal(code, 1);
    match(
      printed,
      /^DIR\/again\.yaml:4:9 {2}error {2}duplicate-object\n {2}Namespace shop is also in DIR\/good\.yaml:1,/,
    );
  });

  test("findings between objects get their place, and count only with strict if they are warnings", async () => {
    const { code, printed } = await run([at("good.yaml")], { analyse });
    equal(code, 0);
    match(printed, /^DIR\/good\.yaml:4:9 {2}warning {2}backend-not-found\n/);
    equal((await run([at("good.yaml")], { analyse, strict: true })).code, 1);
  });

  test("kinds without traffic are mentioned, and are no fault even with strict", async () => {
    const { code, printed } = await run([at("deployment.yaml")], { strict: true });
    equal(code, 0);
    match(printed, /warning {2}ignored-kind\n {2}Deployment \(apps\/v1\) carries no traffic/);
  });

  test("a path that can't be read is a fault of its own, and the rest is read all the same", async () => {
    const { code, printed } = await run([at("missing.yaml"), at("wrong.yaml")]);
    equal(code, 2);
    match(printed, /^error {2}no-such-file\n {2}DIR\/missing\.yaml does not exist\.\n\nDIR\/wrong\.yaml:5:9/);
  });

  test("no path at all is a mistake in usage", async () => equal((await run([])).code, 2));
});

async function* input(text: string): AsyncGenerator<string> {
  yield text;
}
