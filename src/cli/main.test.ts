import { equal } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { stringify } from "yaml";

test("a pipe gets all that is printed, however late its reader reads", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "cli-main-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "services.yaml");
  const description = "x".repeat(2_000);
  const services = Array.from({ length: 200 }, (_, index) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: `service-${index}`, annotations: { description } },
    spec: { ports: [{ port: 80 }] },
  }));
  writeFileSync(file, services.map((service) => stringify(service)).join("---\n"));
  const main = join(import.meta.dirname, "main.ts");
  const child = spawn(process.execPath, [main, "get", "services", "-f", file, "-o", "json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  // By now it waits for room in the pipe, or is gone.
  await once(child.stdout, "readable");
  const printed: { readonly items: readonly unknown[] } = JSON.parse(await text(child.stdout));
  equal(printed.items.length, services.length);
  equal((await exited)[0], 0);
});
