import { deepEqual, doesNotMatch, equal, ok } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startExample, temporaryFolder } from "./harness/example.ts";
import { httpClient } from "./harness/http-client.ts";
import { freePort } from "./harness/ports.ts";
import { root } from "./harness/programs.ts";
import { eventually } from "./harness/wait.ts";

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly group: number;
}

/** All living processes, from /proc. */
function processes(): readonly Process[] {
  return readdirSync("/proc").flatMap((entry) => {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) return [];
    try {
      // pid (name) state parent group …; the name may hold spaces and brackets.
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      const [state = "", parent = "", group = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
      return state === "Z" ? [] : [{ pid, parent: Number(parent), name, group: Number(group) }];
    } catch {
      return [];
    }
  });
}

function descendants(pid: number): readonly Process[] {
  const all = processes();
  const below = (parent: number): readonly Process[] =>
    all.filter((child) => child.parent === parent).flatMap((child) => [child, ...below(child.pid)]);
  return below(pid);
}

function isEnvoy({ name }: Process): boolean {
  return name.startsWith("envoy");
}

test("Envoy is killed with -9: another one serves", async (t) => {
  const { gateway } = await startExample(t, "quickstart");
  const [envoy] = descendants(gateway.pid).filter(isEnvoy);
  ok(envoy !== undefined, "an Envoy runs below Gatewright");
  const ask = async () => {
    const client = httpClient(gateway.port(8080));
    try {
      return (await client.send({ host: "shop.localhost" })).echo().service;
    } finally {
      client.close();
    }
  };
  equal(await ask(), "shop-web");
  process.kill(envoy.pid, "SIGKILL");
  await eventually(async () => equal(await ask(), "shop-web"));
  const after = descendants(gateway.pid)
    .filter(isEnvoy)
    .map(({ pid }) => pid);
  equal(after.length, 1);
  ok(!after.includes(envoy.pid));
});

/** The launcher, and the server if that is another process: the Envoy and the watchdogs below are not ours to kill. */
function ourselves(pid: number): readonly number[] {
  const servers = descendants(pid).filter(({ name }) => name === "node" || name === "MainThread");
  return [...servers.map((server) => server.pid), pid];
}

test("Gatewright is killed with -9: nothing is left", async (t) => {
  const runtime = await temporaryFolder(t);
  const { gateway } = await startExample(t, "quickstart", { env: { XDG_RUNTIME_DIR: runtime } });
  const all = [gateway.pid, ...descendants(gateway.pid).map(({ pid }) => pid)];
  ok(descendants(gateway.pid).some(isEnvoy), "Envoy runs below Gatewright");
  equal(readdirSync(runtime).length, 2, "a directory of the xDS server's, and one of Envoy's");
  for (const pid of ourselves(gateway.pid)) process.kill(pid, "SIGKILL");
  await eventually(() =>
    deepEqual(
      processes().filter(({ pid }) => all.includes(pid)),
      [],
    ),
  );
  await eventually(() => deepEqual(readdirSync(runtime), []));
});

test("Gatewright is killed with -9 before it has started Envoy: nothing is left", async (t) => {
  const runtime = await temporaryFolder(t);
  // It waits for what it is told on standard input, which never ends.
  const admin = `127.0.0.1:${await freePort()}`;
  const child = spawn(join(root, "bin/gatewright"), ["run", "-", "--admin-address", admin], {
    env: { ...process.env, XDG_RUNTIME_DIR: runtime },
    stdio: ["pipe", "ignore", "ignore"],
  });
  t.after(() => child.kill("SIGKILL"));
  await eventually(async () => equal((await fetch(`http://${admin}/readyz`)).status, 503), 60_000);
  equal(readdirSync(runtime).length, 1);
  const exited = once(child, "exit");
  for (const pid of ourselves(child.pid ?? 0)) process.kill(pid, "SIGKILL");
  await exited;
  await eventually(() => deepEqual(readdirSync(runtime), []));
});

test("Gatewright gets SIGTERM: it drains, and nothing is left", async (t) => {
  const runtime = await temporaryFolder(t);
  const { gateway } = await startExample(t, "quickstart", { env: { XDG_RUNTIME_DIR: runtime } });
  const all = [gateway.pid, ...descendants(gateway.pid).map(({ pid }) => pid)];
  equal(await gateway.stop(), 0);
  deepEqual(readdirSync(runtime), []);
  await eventually(() =>
    deepEqual(
      processes().filter(({ pid }) => all.includes(pid)),
      [],
    ),
  );
});

test("Ctrl-C in a terminal: launcher and server both get it, and connections are drained all the same", async (t) => {
  const { gateway } = await startExample(t, "quickstart");
  const below = descendants(gateway.pid);
  const group = processes().find(({ pid }) => pid === gateway.pid)?.group;
  const foreground = below.filter((child) => child.group === group);
  ok(!foreground.some(isEnvoy), "a terminal's signals don't reach Envoy");
  const exited = once(gateway.process, "exit");
  for (const pid of [...foreground.map((child) => child.pid), gateway.pid]) {
    process.kill(pid, "SIGINT");
  }
  deepEqual(await exited, [0, null]);
  doesNotMatch(gateway.log(), /SIGKILL/);
  const all = [gateway.pid, ...below.map(({ pid }) => pid)];
  await eventually(() =>
    deepEqual(
      processes().filter(({ pid }) => all.includes(pid)),
      [],
    ),
  );
});
