import { deepEqual, equal } from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { eventually } from "./fixtures/processes.ts";
import { followLines } from "./follow-lines.ts";

function file(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "gatewright-test-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "log"), text);
  return join(folder, "log");
}

test("lines from the offset on, as they are finished, and the rest at the end", async (t) => {
  const log = file(t, "old\nnew ");
  const lines: string[] = [];
  const followed = followLines(log, 4, (line) => lines.push(line));
  deepEqual(lines, []);
  appendFileSync(log, "one\nsecond\nthi");
  await eventually(() => lines.length === 2);
  appendFileSync(log, "rd");
  followed.end();
  deepEqual(lines, ["new one", "second", "third"]);
});

test("a character that is cut in two is whole", (t) => {
  const log = file(t, "");
  const lines: string[] = [];
  const followed = followLines(log, 0, (line) => lines.push(line));
  appendFileSync(log, `${"x".repeat(64 * 1024 - 1)}é\n`);
  followed.end();
  equal(lines[0]?.at(-1), "é");
});

test("a file that has grown long is emptied once it is read, and followed on", async (t) => {
  const log = file(t, "");
  let count = 0;
  const followed = followLines(log, 0, () => {
    count += 1;
  });
  appendFileSync(log, "line\n".repeat(220_000));
  await eventually(() => count === 220_000);
  await eventually(() => statSync(log).size === 0);
  appendFileSync(log, "one more\n");
  await eventually(() => count === 220_001);
  followed.end();
});
