import { equal, match } from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { isRunning } from "../src/fleet/fixtures/processes.ts";

const folder = mkdtempSync(join(tmpdir(), "hung-file-"));
after(() => rmSync(folder, { recursive: true }));

test("a file whose child outlives its failed test is ended, counts as a failure, and the next one runs", async () => {
  const hangs = join(folder, "hangs.test.ts");
  const passes = join(folder, "passes.test.ts");
  const pid = join(folder, "pid");
  writeFileSync(
    hangs,
    `import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
test("fails", () => {
  const child = spawn("sleep", ["60"], { stdio: ["pipe", "pipe", "inherit"] });
  writeFileSync(${JSON.stringify(pid)}, String(child.pid));
  throw new Error("as it may");
});
`,
  );
  writeFileSync(passes, `import { test } from "node:test";\ntest("passes", () => {});\n`);
  const { code, output } = await runTests("--patience", "3", hangs, passes);
  match(output, /as it may/);
  match(output, /hangs\.test\.ts\n\s+has not ended within 3 s: 2 of its processes were killed/);
  match(output, /^1 passed, 1 failed$/m);
  equal(code, 1);
  equal(await isRunning(Number(readFileSync(pid, "utf8"))), false);
});

function runTests(...args: readonly string[]): Promise<{ readonly code: unknown; readonly output: string }> {
  // Node's runner does nothing in a process that it has started itself.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(process.execPath, [join(import.meta.dirname, "test.ts"), ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, output: stdout + stderr });
    });
  });
}
