import { equal, ok } from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { before, describe, test } from "node:test";
import { childrenOf, eventually, hold, isRunning, processGroup } from "./fixtures/processes.ts";
import { resolveEnvoy } from "./resolve-envoy.ts";
import { findSetpriv } from "./watchdog.ts";

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
function supervise(guards: "both" | "watchdog"): Supervisor {
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
    test(`supervisor killed with -9 (${guards})`, async () => {
      const supervisor = supervise(guards);
      const envoy = await supervisor.live();
      const { closed } = await hold({ path: envoy.adminSocket });
      kill(supervisor.pid);
      await gone(envoy, closed, true);
    });

    test(`its process group killed with -9 (${guards})`, async () => {
      const supervisor = supervise(guards);
      const envoy = await supervisor.live();
      const { closed } = await hold({ path: envoy.adminSocket });
      kill(-supervisor.pid);
      await gone(envoy, closed, true);
    });

    test(`watchdog killed with -9: another takes over; then the supervisor (${guards})`, async () => {
      const supervisor = supervise(guards);
      const envoy = await supervisor.live();
      kill(envoy.watchdogPid);
      // The supervisor tells of its watchdog only with a state, and the fresh one waits a second when the first was young.
      await eventually(async () =>
        (await childrenOf(supervisor.pid)).some((pid) => pid !== envoy.pid && pid !== envoy.watchdogPid),
      );
      const { closed } = await hold({ path: envoy.adminSocket });
      kill(supervisor.pid);
      await gone(envoy, closed, true);
    });

    test(`Envoy killed, restarted, then the supervisor: the new one goes too (${guards})`, async () => {
      const supervisor = supervise(guards);
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
    const supervisor = supervise("both");
    const envoy = await supervisor.live();
    const { closed } = await hold({ path: envoy.adminSocket });
    // Stopped, it can't start another watchdog in between.
    process.kill(supervisor.pid, "SIGSTOP");
    kill(envoy.watchdogPid);
    kill(supervisor.pid);
    await gone(envoy, closed, false);
  });

  test("SIGTERM: drained, gone, and the supervisor ends by itself", async () => {
    const supervisor = supervise("both");
    const envoy = await supervisor.live();
    const exited = new Promise<number | null>((resolve) => {
      supervisor.process.on("exit", resolve);
    });
    process.kill(supervisor.pid, "SIGTERM");
    equal(await exited, 0);
    equal(supervisor.last()?.state, "stopped");
    await gone(envoy, Promise.resolve(), true);
  });

  test("SIGINT to the process group, as Ctrl-C sends it, doesn't reach Envoy", async () => {
    const supervisor = supervise("both");
    const envoy = await supervisor.live();
    equal(await processGroup(envoy.pid), envoy.pid);
    equal(await processGroup(envoy.watchdogPid), envoy.watchdogPid);
    kill(supervisor.pid);
    await eventually(async () => !(await isRunning(envoy.pid)));
  });
});
