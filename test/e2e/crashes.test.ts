import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startExample, temporaryFolder } from "./harness/example.ts";
import { startGateway } from "./harness/gateway.ts";
import { httpClient } from "./harness/http-client.ts";
import { startLoad } from "./harness/load.ts";
import { freePort } from "./harness/ports.ts";
import { descendants, isEnvoy, ourselves, processes } from "./harness/processes.ts";
import { root, run } from "./harness/programs.ts";
import { eventually } from "./harness/wait.ts";

test("Envoy is killed with -9: another one serves, and only until then do requests fail", async (t) => {
  const { gateway } = await startExample(t, "quickstart");
  const [envoy] = descendants(gateway.pid).filter(isEnvoy);
  ok(envoy !== undefined, "an Envoy runs below Gatewright");
  const load = startLoad(gateway.port(8080), "shop.localhost");
  const answers = async (count: number): Promise<void> => {
    const before = load.answered();
    await eventually(() => ok(load.answered() >= before + count, "the load goes on"));
  };
  await answers(100);
  deepEqual(load.failures(), []);
  const killedAt = performance.now();
  process.kill(envoy.pid, "SIGKILL");
  await eventually(() => ok(load.failures().length > 0));
  await answers(1);
  t.diagnostic(
    `served again after ${(performance.now() - killedAt).toFixed(0)} ms (bench/standalone/crash.ts measures it)`,
  );
  // What was refused just before may be told only now.
  await answers(20);
  const failed = load.failures().length;
  await answers(500);
  equal(load.failures().length, failed, "nothing fails once another one serves");
  await load.stop();
  const after = descendants(gateway.pid)
    .filter(isEnvoy)
    .map(({ pid }) => pid);
  equal(after.length, 1);
  ok(!after.includes(envoy.pid));
});

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

test("Gatewright is killed with -9, with a runtime directory: Envoy goes on, and the next Gatewright goes on with it", async (t) => {
  const runtimeDirectory = await temporaryFolder(t);
  const { gateway, folder } = await startExample(t, "quickstart", { runtimeDirectory });
  const [envoy] = descendants(gateway.pid).filter(isEnvoy);
  ok(envoy !== undefined);
  const client = httpClient(gateway.port(8080), { connections: 1 });
  t.after(() => client.close());
  const ask = async () => (await client.send({ host: "shop.localhost" })).echo().service;
  equal(await ask(), "shop-web");

  const second = await startRefused([folder], runtimeDirectory);
  match(second, /the Gatewright with process id \d+ has it/);

  for (const pid of ourselves(gateway.pid)) process.kill(pid, "SIGKILL");
  await eventually(() => deepEqual(descendants(gateway.pid), []));
  equal(await ask(), "shop-web", "on the connection of before");
  const next = await startGateway(t, [folder], [8080], { offset: gateway.offset, runtimeDirectory });
  equal(await ask(), "shop-web", "on the connection of before");
  ok(processes().some(({ pid }) => pid === envoy.pid));
  deepEqual(descendants(next.pid).filter(isEnvoy), [], "no other Envoy is started");

  process.kill(envoy.pid, "SIGKILL");
  await eventually(async () => equal(await ask(), "shop-web"));
  const [repaired] = descendants(next.pid).filter(isEnvoy);
  ok(repaired !== undefined, "an adopted Envoy that dies is replaced");
  equal(await next.stop(), 0);
  await eventually(() => ok(!processes().some(({ pid }) => pid === repaired.pid)));
  deepEqual(readdirSync(runtimeDirectory), []);
});

/** What a Gatewright says that must not start. */
async function startRefused(paths: readonly string[], runtimeDirectory: string): Promise<string> {
  const admin = `127.0.0.1:${await freePort()}`;
  const output = await run(join(root, "bin/gatewright"), [
    "run",
    ...paths,
    "--admin-address",
    admin,
    "--runtime-directory",
    runtimeDirectory,
  ]);
  equal(output.code, 2);
  return output.stderr;
}

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
