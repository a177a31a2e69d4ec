import { type ChildProcess, execFile, spawn } from "node:child_process";
import { backoff } from "./backoff.ts";
import { findOnPath } from "./executable.ts";
import type { Logger } from "./logger.ts";

/*
 * No Envoy may outlive us unless it is told to, even when we are killed with -9 and can do nothing more. Two guards, neither of which needs the other:
 *
 * 1. Envoy is started through `setpriv --pdeathsig KILL` where there is one (util-linux, so every Debian): the kernel
 *    kills Envoy when the thread that spawned it dies. Node spawns from the thread that calls spawn(), so a supervisor
 *    in a worker thread ends with that worker. The kernel forgets this when the binary has file capabilities (setcap)
 *    or is setuid, and macOS doesn't know it: hence the second guard.
 * 2. The watchdog: a shell in a session of its own that holds the read end of a pipe from us. When we die, by whatever
 *    cause, the pipe closes and it kills Envoy and removes the runtime directory. When it dies, we start another.
 *
 * Envoy has a session of its own too: Ctrl-C and a kill of our process group reach us alone, so that we can drain.
 */

// $1: the process id of Envoy now, or 0; each line: the one from then on. The others: what to remove.
// The first is an argument too, because we may be killed before we have written the first line.
const watchdogScript =
  'pid=$1; shift; while read -r line; do pid=$line; done; [ "$pid" -gt 0 ] && kill -9 "$pid" 2>/dev/null; rm -rf -- "$@"';

// $1: our process id. Envoy starts only when we say go, once the watchdog knows it: end of file means that we are gone.
// The kernel tells of no parent that died before setpriv asked, so the parent is compared as well.
const startScript = 'read -r go && [ "$PPID" = "$1" ] || exit 1; shift; exec "$@" </dev/null';

/** The command line that starts `command` so that it dies with us. Write a line to its standard input to let it go. */
export function guardedCommand(
  command: readonly string[],
  options: { readonly setpriv: string | undefined; readonly parent: number },
): readonly [string, ...string[]] {
  const shell = ["/bin/sh", "-c", startScript, "gatewright-start", String(options.parent), ...command] as const;
  return options.setpriv === undefined ? [...shell] : [options.setpriv, "--pdeathsig", "KILL", "--", ...shell];
}

/** The command line of a watchdog. At the end of its standard input it kills the process that it knows of and removes these directories. */
export function watchdogCommand(pid: number, directories: readonly string[]): readonly [string, ...string[]] {
  return ["/bin/sh", "-c", watchdogScript, "gatewright-watchdog", String(pid), ...directories];
}

/** A setpriv that knows --pdeathsig (util-linux's does since 2.33, BusyBox's doesn't). */
export async function findSetpriv(path: string | undefined): Promise<string | undefined> {
  const setpriv = await findOnPath("setpriv", path);
  if (setpriv === undefined) return undefined;
  return new Promise((resolve) => {
    execFile(setpriv, ["--pdeathsig", "KILL", "--", "/bin/sh", "-c", ":"], (error) =>
      resolve(error === null ? setpriv : undefined),
    );
  });
}

/** Kills a process and removes directories when this process is gone. */
export interface Watchdog {
  /** The process id of the watchdog itself, for diagnosis. */
  readonly pid: number | undefined;
  /** Guards this process from now on; undefined: none for now. */
  guard(pid: number | undefined): void;
  /** Ends the watchdog. Whatever is guarded then is killed, and the directories removed. */
  close(): void;
}

/** For what may outlive us. */
export const noWatchdog: Watchdog = { pid: undefined, guard: () => {}, close: () => {} };

/** @param directories removed when this process dies, or at {@link Watchdog.close} */
export function startWatchdog(directories: readonly string[], logger: Logger): Watchdog {
  let guarded = 0;
  let closed = false;
  let child: ChildProcess | undefined;

  const tell = (): void => {
    child?.stdin?.write(`${guarded}\n`);
  };
  let young = 0;
  const start = (): void => {
    const [command, ...args] = watchdogCommand(guarded, directories);
    const started = spawn(command, args, { detached: true, cwd: "/", stdio: ["pipe", "ignore", "ignore"] });
    child = started;
    const startedAt = performance.now();
    started.on("error", (error) => logger.warn({ error: error.message }, "a watchdog could not be started"));
    // The pipe breaks when somebody kills the watchdog: its end is what counts.
    started.stdin.on("error", () => {});
    started.on("close", () => {
      if (closed) return;
      logger.warn({ pid: started.pid }, "a watchdog was killed; starting another");
      young = performance.now() - startedAt < 1_000 ? young + 1 : 0;
      // At once, unless they die one after the other.
      if (young < 2) start();
      else setTimeout(() => closed || start(), backoff(young - 1, Math.random())).unref();
    });
    started.unref();
    if ("unref" in started.stdin && typeof started.stdin.unref === "function") started.stdin.unref();
  };
  start();

  return {
    get pid() {
      return child?.pid;
    },
    guard(pid) {
      guarded = pid ?? 0;
      tell();
    },
    close() {
      closed = true;
      child?.stdin?.end();
    },
  };
}
