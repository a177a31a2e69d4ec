import { deepEqual, equal, match, ok } from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { before, describe, type TestContext, test } from "node:test";
import { EnvoyProcess, type EnvoyProcessOptions } from "./envoy-process.ts";
import type { EnvoyState } from "./envoy-state.ts";
import { isRunning } from "./fixtures/processes.ts";
import { silent } from "./logger.ts";
import { resolveEnvoy } from "./resolve-envoy.ts";

const timeout = 30_000;
const empty = { json: JSON.stringify({ static_resources: {} }) };
let binary = "";
before(async () => {
  binary = (await resolveEnvoy()).path;
});

/** Killed after the test, so that one that fails doesn't keep the run waiting. */
async function start(t: TestContext, options: Partial<EnvoyProcessOptions>): Promise<EnvoyProcess> {
  const envoy = await EnvoyProcess.start({
    envoy: binary,
    bootstrap: empty,
    logger: silent,
    concurrency: 1,
    stdout: "ignore",
    ...options,
  });
  t.after(() => envoy.kill());
  return envoy;
}

async function live(envoy: EnvoyProcess): Promise<number> {
  const state = await envoy.when((now) => now.state === "live");
  ok(state.state === "live");
  return state.pid;
}

describe("a life of Envoy", { timeout }, () => {
  test("starting, live, draining, exited, stopped; and nothing is left", async (t) => {
    const envoy = await start(t, {});
    const states: EnvoyState["state"][] = [envoy.state.state];
    envoy.onState(({ state }) => states.push(state));
    const pid = await live(envoy);
    const directory = dirname(envoy.adminSocket);
    equal((await stat(directory)).mode & 0o777, 0o700);
    equal((await stat(envoy.adminSocket)).mode & 0o777, 0o600);
    equal((await stat(join(directory, "bootstrap.json"))).mode & 0o777, 0o600);

    deepEqual(await envoy.stop(), { complete: true, connections: 0, requests: 0 });
    deepEqual(states, ["starting", "live", "draining", "exited", "stopped"]);
    equal(await isRunning(pid), false);
    equal(existsSync(directory), false);
  });

  test("its log goes to the logger, with its levels and its process id", async (t) => {
    const lines: [string, unknown, string][] = [];
    const keep = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) => {
      lines.push([level, fields["pid"], message]);
    };
    const logger = { debug: keep("debug"), info: keep("info"), warn: keep("warn"), error: keep("error") };
    const envoy = await start(t, { logger, logLevel: "debug" });
    const pid = await live(envoy);
    await envoy.stop();
    ok(
      lines.some(
        ([level, from, message]) => level === "info" && from === pid && message === "starting main dispatch loop",
      ),
    );
    ok(lines.some(([level, , message]) => level === "warn" && message === "caught ENVOY_SIGTERM"));
    ok(lines.some(([level]) => level === "debug"));
    ok(lines.some(([level, , message]) => level === "info" && message.startsWith("Envoy exited with code 0 after")));
  });

  test("our admin socket takes the place of the bootstrap's, and a file serves as well", async (t) => {
    const root = await mkdtemp(join(tmpdir(), "gatewright-test-"));
    const file = join(root, "bootstrap.yaml");
    await writeFile(
      file,
      "admin: { address: { pipe: { path: /nowhere/admin.sock } } }\nnode: { id: one, cluster: c }\n",
    );
    const envoy = await start(t, { bootstrap: { file }, runtimeRoot: root });
    await live(envoy);
    match(JSON.stringify(await envoy.admin.configDump()), /"id":"one"/);
    ok(envoy.adminSocket.startsWith(root));
    await envoy.stop();
    await rm(root, { recursive: true });
  });

  test("a killed Envoy is started again, on the same socket", async (t) => {
    const envoy = await start(t, {});
    const first = await live(envoy);
    const restarting = envoy.when(({ state }) => state === "restarting");
    process.kill(first, "SIGKILL");
    const state = await restarting;
    ok(state.state === "restarting");
    equal(state.exit.signal, "SIGKILL");
    equal(state.failures, 1);
    ok(state.delayMs >= 50 && state.delayMs <= 100);
    const second = await live(envoy);
    ok(second !== first);
    equal(await envoy.admin.readiness(), "LIVE");
    await envoy.stop();
  });

  test("after a long life a death counts as the first", async (t) => {
    const envoy = await start(t, { healthyAfterMs: 0 });
    for (let round = 0; round < 3; round++) {
      const pid = await live(envoy);
      const restarting = envoy.when(({ state }) => state === "restarting");
      process.kill(pid, "SIGKILL");
      const state = await restarting;
      ok(state.state === "restarting");
      equal(state.failures, 1);
    }
    await envoy.stop();
  });

  test("stopped before it is live, and stopped twice", async (t) => {
    const envoy = await start(t, {});
    const [one, two] = await Promise.all([envoy.stop(), envoy.stop()]);
    equal(one, undefined);
    equal(two, undefined);
    equal(envoy.state.state, "stopped");
  });

  test("an Envoy that ignores SIGTERM is killed", async (t) => {
    const root = await mkdtemp(join(tmpdir(), "gatewright-test-"));
    const stubborn = join(root, "stubborn");
    await writeFile(stubborn, "#!/bin/sh\ntrap '' TERM\necho up >&2\nwhile :; do sleep 1; done\n", { mode: 0o755 });
    const said = new EventEmitter();
    const up = once(said, "up");
    const logger = { ...silent, warn: (_: unknown, message: string) => said.emit(message) };
    const envoy = await start(t, { envoy: stubborn, logger, killAfterMs: 50 });
    await up;
    const exited = envoy.when(({ state }) => state === "exited");
    await envoy.stop();
    const state = await exited;
    ok(state.state === "exited");
    equal(state.signal, "SIGKILL");
    await rm(root, { recursive: true });
  });
});

describe("an Envoy that can't start", { timeout }, () => {
  for (const [what, options, expected] of [
    [
      "an unusable bootstrap",
      { bootstrap: { json: '{"static_resources":{"listeners":[{"nme":"x"}]}}' } },
      /no such field: 'nme'/,
    ],
    ["a bootstrap that isn't there", { bootstrap: { file: "/nowhere/bootstrap.json" } }, /\/nowhere\/bootstrap\.json/],
    ["a binary that isn't there", { envoy: "/nowhere/envoy" }, /\/nowhere\/envoy: not found/],
    ["a setpriv that isn't there", { setpriv: "/nowhere/setpriv" }, /\/nowhere\/setpriv ENOENT/],
  ] as const) {
    test(`${what}: its own words, and longer and longer pauses`, async (t) => {
      const errors: string[] = [];
      const envoy = await start(t, { ...options, logger: { ...silent, error: (_, message) => errors.push(message) } });
      const third = await envoy.when((now) => now.state === "restarting" && now.failures === 3);
      ok(third.state === "restarting");
      match(third.exit.message ?? "", expected);
      ok(third.delayMs >= 200 && third.delayMs <= 400);
      ok(errors.some((message) => expected.test(message)));
      await envoy.stop();
      equal(existsSync(dirname(envoy.adminSocket)), false);
    });
  }
});

describe("the runtime directory", () => {
  test("a path too long for a socket is refused with a remedy", async (t) => {
    const root = await mkdtemp(join(tmpdir(), "gatewright-test-"));
    t.after(() => rm(root, { recursive: true }));
    const deep = join(root, "d".repeat(90));
    await mkdir(deep);
    await start(t, { runtimeRoot: deep }).then(
      () => ok(false, "it started"),
      (error: unknown) => {
        ok(error instanceof Error);
        match(error.message, /longer than 103 bytes/);
      },
    );
  });
});
