import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, statSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Stream } from "node:stream";
import { type EnvoyRecord, removeRecord, writeRecord } from "./envoy-record.ts";
import { type FollowedLines, followLines } from "./follow-lines.ts";
import { identify, lives } from "./process-identity.ts";
import type { KeptDirectory } from "./runtime-directory.ts";
import { guardedCommand, type Watchdog } from "./watchdog.ts";

/** One Envoy, from its start to its end. */
export interface EnvoyLife {
  readonly pid: number | undefined;
  kill(signal: NodeJS.Signals): void;
}

/** Told of an Envoy's life. */
export interface LifeObserver {
  /** A line of its standard error. */
  line(text: string): void;
  /** It could not be started. */
  failed(message: string): void;
  /** The last thing to be told. Of an Envoy that somebody else started, nobody knows how it ended. */
  ended(code: number | null, signal: NodeJS.Signals | null): void;
}

const lookMs = 100;

/** Starts an Envoy that dies with us. */
export function startGuarded(
  command: readonly string[],
  options: {
    readonly setpriv: string | undefined;
    readonly stdout: "inherit" | "ignore" | Stream;
    readonly watchdog: Watchdog;
  },
  observer: LifeObserver,
): EnvoyLife {
  const [program, ...args] = guardedCommand(command, { setpriv: options.setpriv, parent: process.pid });
  const child = spawn(program, args, { detached: true, stdio: ["pipe", options.stdout, "pipe"] });
  options.watchdog.guard(child.pid);
  child.stdin.on("error", () => {});
  child.stdin.end("go\n");
  createInterface({ input: child.stderr }).on("line", (line) => observer.line(line));
  child.on("error", (error) => observer.failed(error.message));
  // At once: the process id is anybody's from now on.
  child.on("exit", () => options.watchdog.guard(undefined));
  child.on("close", (code, signal) => observer.ended(code, signal));
  return lifeOf(child);
}

/** Starts an Envoy that goes on when we die, and writes down what whoever comes after us must know. */
export function startOutliving(
  command: readonly string[],
  options: {
    readonly stdout: "inherit" | "ignore" | Stream;
    readonly directory: KeptDirectory;
    readonly bootstrap: string;
  },
  observer: LifeObserver,
): EnvoyLife {
  const { directory } = options;
  const [program, ...args] = guardedCommand(command, { setpriv: undefined, parent: process.pid });
  // A file and no pipe: its reader may be gone for a while, and Envoy must not mind.
  const log = openSync(directory.log, "a", 0o600);
  const child = spawn(program, args, { detached: true, stdio: ["pipe", options.stdout, log] });
  closeSync(log);
  const lines = followLines(directory.log, statSync(directory.log).size, (line) => observer.line(line));
  child.stdin?.on("error", () => {});
  child.on("error", (error) => {
    observer.failed(error.message);
    if (child.pid === undefined) end(lines, directory, () => observer.ended(null, null));
  });
  child.on("exit", (code, signal) => end(lines, directory, () => observer.ended(code, signal)));
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  if (identity !== undefined) writeRecord(directory.record, { ...identity, command, bootstrap: options.bootstrap });
  child.stdin?.end("go\n");
  return lifeOf(child);
}

/** Goes on with an Envoy that outlived whoever started it. */
export function adopt(record: EnvoyRecord, directory: KeptDirectory, observer: LifeObserver): EnvoyLife {
  const lines = followLines(directory.log, statSync(directory.log).size, (line) => observer.line(line));
  // Only a parent is told when a process ends.
  const timer = setInterval(() => {
    if (lives(record)) return;
    clearInterval(timer);
    end(lines, directory, () => observer.ended(null, null));
  }, lookMs);
  return {
    pid: record.pid,
    kill(signal) {
      if (lives(record)) process.kill(record.pid, signal);
    },
  };
}

function end(lines: FollowedLines, directory: KeptDirectory, then: () => void): void {
  lines.end();
  removeRecord(directory.record);
  then();
}

function lifeOf(child: ChildProcess): EnvoyLife {
  return { pid: child.pid, kill: (signal) => void child.kill(signal) };
}
