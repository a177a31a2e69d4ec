import { deepEqual } from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { apiUsage, usageSince } from "./api-usage.ts";

const entry = (verb: string, resource: string, subresource: string | undefined, code: number) =>
  `${JSON.stringify({ verb, requestURI: "/", objectRef: { resource, subresource }, stage: "ResponseComplete", responseStatus: { code } })}\n`;

test("usage of an API server is counted over all files of its audit log, without leases and without what was refused", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "gatewright-audit-"));
  context.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "log"));
  const write = (file: string, ...entries: readonly string[]) =>
    writeFileSync(join(folder, "log", file), entries.join(""));
  write(
    "audit-2026-11-22T01-00-00.000.log",
    entry("patch", "gateways", "status", 200),
    entry("list", "gateways", undefined, 200),
  );
  const before = apiUsage({ folder });
  write(
    "audit.log",
    entry("patch", "httproutes", "status", 200),
    entry("patch", "gateways", "status", 409),
    entry("update", "leases", undefined, 200),
  );
  deepEqual(apiUsage({ folder }), { requests: 4, writes: 3, statusWrites: { gateways: 1, httproutes: 1 } });
  deepEqual(usageSince(before, apiUsage({ folder })), {
    requests: 2,
    writes: 2,
    statusWrites: { gateways: 0, httproutes: 1 },
  });
});
