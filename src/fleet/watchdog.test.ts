import { deepEqual, equal, ok } from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { before, describe, type TestContext, test } from "node:test";
import { childrenOf, eventually, hold, isRunning, processGroup } from "./fixtures/processes.ts";
import { resolveEnvoy } from "./resolve-envoy.ts";
import { findSetpriv, guardedCommand, watchdogCommand } from "./watchdog.ts";

const timeout = 30_000;
const bootstrap = JSON.stringify({ static_resources: {} });
let binary = "";
before(async () => {
  binary = (await resolveEnvoy()).path;
});

interface Told {
  readonly state: string;
  readonly pid: number;
  readonly adminSocket: string;
  readonly watchdogPid: number;
}

interface Supervisor {
  readonly process: ChildProcess;
  readonly pid: number;
  /** The last state that it told. */
  last(): Told | undefined;
  live(): Promise<Told>;
}

/** Runs fixtures/supervise.ts as the leader of a process group, as a shell would. */
function supervise(t: TestContext, guards: "both" | "watchdog"): Supervisor {
  const program = new URL("fixtures/supervise.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [program, binary, bootstrap, guards], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  ok(child.pid !== undefined);
  let last: Told | undefined;
  createInterface({ input: child.stdout }).on("line", (line) => {
    last = JSON.parse(line);
  });
  // A test that fails must not leave behind what it tests for.
  t.after(async () => {
    child.kill("SIGKILL");
    if (last === undefined) return;
    if (await isRunning(last.pid)) kill(last.pid);
    await rm(dirname(last.adminSocket), { recursive: true, force: true });
  });
  return {
    process: child,
    pid: child.pid,
    last: () => last,
    async live() {
      await eventually(() => last?.state === "live");
      ok(last !== undefined);
      return last;
    },
  };
}

const kill = (pid: number): boolean => process.kill(pid, "SIGKILL");

/** Envoy is gone, its watchdog too, and the runtime directory when a watchdog was left to remove it. */
async function gone(envoy: Told, closed: Promise<void>, directoryToo: boolean): Promise<void> {
  await closed;
  await eventually(async () => !(await isRunning(envoy.pid)));
  await eventually(async () => !(await isRunning(envoy.watchdogPid)));
  if (directoryToo) await eventually(() => !existsSync(dirname(envoy.adminSocket)));
}

describe("no orphan", { timeout, skip: process.platform !== "linux" && "reads /proc" }, () => {
  for (const guards of ["both", "watchdog"] as const) {
    test(`supervisor killed with -9 (${guards})`, async (t) => {
      const supervisor = supervise(t, guards);
      const envoy = await supervisor.live();
      const { closed } = await hold({ path: envoy.adminSocket });
      kill(supervisor.pid);
      await gone(envoy, closed, true);
    });

    test(`its process group killed with -9 (${guards})`, async (t) => {
      const supervisor = supervise(t, guards);
      const envoy = await supervisor.live();
      const { closed } = await hold({ path: envoy.adminSocket });
      kill(-supervisor.pid);
      await gone(envoy, closed, true);
    });

    test(`watchdog killed with -9: another takes over; then the supervisor (${guards})`, async (t) => {
      const supervisor = supervise(t, guards);
      const envoy = await supervisor.live();
      kill(envoy.watchdogPid);
      // The supervisor is killed as soon as the new one is there, before it is told anything.
      await eventually(async () =>
        (await childrenOf(supervisor.pid)).some((pid) => pid !== envoy.pid && pid !== envoy.watchdogPid),
      );
      const { closed } = await hold({ path: envoy.adminSocket });
      kill(supervisor.pid);
      await gone(envoy, closed, true);
    });

    test(`Envoy killed, restarted, then the supervisor: the new one goes too (${guards})`, async (t) => {
      const supervisor = supervise(t, guards);
      const first = await supervisor.live();
      kill(first.pid);
      await eventually(() => supervisor.last()?.state === "live" && supervisor.last()?.pid !== first.pid);
      const second = await supervisor.live();
      const { closed } = await hold({ path: second.adminSocket });
      kill(supervisor.pid);
      await gone(second, closed, true);
    });
  }

  test("watchdog and supervisor killed with -9 at once: the kernel's signal is left", async (t) => {
    if ((await findSetpriv(process.env["PATH"])) === undefined) return t.skip("no setpriv");
    const supervisor = supervise(t, "both");
    const envoy = await supervisor.live();
    const { closed } = await hold({ path: envoy.adminSocket });
    // Stopped, it can't start another watchdog in between.
    process.kill(supervisor.pid, "SIGSTOP");
    kill(envoy.watchdogPid);
    kill(supervisor.pid);
    await gone(envoy, closed, false);
  });

  test("SIGTERM: drained, gone, and the supervisor ends by itself", async (t) => {
    const supervisor = supervise(t, "both");
    const envoy = await supervisor.live();
    const exited = new Promise<number | null>((resolve) => {
      supervisor.process.on("exit", resolve);
    });
    process.kill(supervisor.pid, "SIGTERM");
    equal(await exited, 0);
    equal(supervisor.last()?.state, "stopped");
    await gone(envoy, Promise.resolve(), true);
  });

  test("SIGINT to the process group, as Ctrl-C sends it, doesn't reach Envoy", async (t) => {
    const supervisor = supervise(t, "both");
    const envoy = await supervisor.live();
    equal(await processGroup(envoy.pid), envoy.pid);
    equal(await processGroup(envoy.watchdogPid), envoy.watchdogPid);
    kill(supervisor.pid);
    await eventually(async () => !(await isRunning(envoy.pid)));
  });
});

describe("a parent that dies at the worst moment", { timeout }, () => {
  test("before the watchdog was told anything: Envoy is killed, the directory removed", async () => {
    const directory = await mkdtemp(join(tmpdir(), "gatewright-test-"));
    const other = await mkdtemp(join(tmpdir(), "gatewright-test-"));
    const guarded = spawn("/bin/sleep", ["60"], { stdio: "ignore" });
    ok(guarded.pid !== undefined);
    const ended = once(guarded, "exit");
    const [command, ...args] = watchdogCommand(guarded.pid, [directory, other]);
    // At the end from the start, as when we are gone.
    await once(spawn(command, args, { stdio: "ignore" }), "exit");
    deepEqual(await ended, [null, "SIGKILL"]);
    equal(existsSync(directory), false);
    equal(existsSync(other), false);
  });

  for (const [what, parent, input, started] of [
    ["nobody said go", process.pid, "", false],
    ["go, but the parent is another", process.pid + 1, "go\n", false],
    ["go", process.pid, "go\n", true],
  ] as const) {
    test(`${what}: ${started ? "it starts" : "it never starts"}`, async () => {
      const [command, ...args] = guardedCommand(["/bin/echo", "started"], { setpriv: undefined, parent });
      const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
      child.stdin.end(input);
      const chunks: string[] = [];
      child.stdout.setEncoding("utf8").on("data", (chunk: string) => chunks.push(chunk));
      await once(child, "close");
      equal(chunks.join(""), started ? "started\n" : "");
    });
  }
});
