import { deepEqual, equal, rejects } from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { envoyAdmin, parseStats } from "./envoy-admin.ts";

// Against the real Envoy: envoy-process.test.ts and drain.test.ts.

test("nobody on the socket: readiness says so, everything else rejects", async () => {
  const admin = envoyAdmin("/nowhere/admin.sock");
  equal(await admin.readiness(), "UNREACHABLE");
  await rejects(admin.stats("."), /ENOENT/);
  await rejects(admin.failHealthCheck(), /ENOENT/);
});

test("an answer that isn't 200 is an error that tells it; no answer is one too", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "gatewright-test-"));
  const path = join(root, "admin.sock");
  const server = createServer((request, response) => {
    if (request.url !== "/config_dump") response.writeHead(404).end("no such thing\n");
  }).listen(path);
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
    return rm(root, { recursive: true });
  });
  const admin = envoyAdmin(path);
  await rejects(admin.drainListeners("graceful"), /POST \/drain_listeners\?graceful with 404: no such thing/);
  deepEqual(await admin.get("/x"), { status: 404, body: "no such thing\n" });
  await rejects(envoyAdmin(path, { timeoutMs: 1 }).configDump(), { name: "AbortError" });
});

test("stats: numbers only, names with colons too", () => {
  const text = 'a.b: 1\nlistener.[::]_80.cx: 2\nreadout: "v1: 3x"\nhistogram: P0(nan,1)\n\n';
  deepEqual(
    [...parseStats(text)],
    [
      ["a.b", 1],
      ["listener.[::]_80.cx", 2],
    ],
  );
});
