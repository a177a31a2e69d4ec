import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import type { Stream } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { backoff } from "./backoff.ts";
import { type Drained, type DrainOptions, drain } from "./drain.ts";
import { type EnvoyAdmin, envoyAdmin } from "./envoy-admin.ts";
import { adopt, type EnvoyLife, type LifeObserver, startGuarded, startOutliving } from "./envoy-life.ts";
import { type EnvoyLogLevel, envoyLogFormat, parseEnvoyLog, passOn } from "./envoy-log.ts";
import { isSame, readRecord } from "./envoy-record.ts";
import { describeExit, type EnvoyExit, type EnvoyState } from "./envoy-state.ts";
import type { Logger } from "./logger.ts";
import { type KeptDirectory, makeRuntimeDirectory, type RuntimeDirectory } from "./runtime-directory.ts";
import { findSetpriv, noWatchdog, startWatchdog, type Watchdog } from "./watchdog.ts";

/** A bootstrap: its JSON text, or a file that holds it. Its `admin.address` is replaced by our socket. */
export type Bootstrap = { readonly json: string } | { readonly file: string };

export interface EnvoyProcessOptions {
  /** The binary, as `resolveEnvoy` found it. */
  readonly envoy: string;
  readonly bootstrap: Bootstrap;
  readonly logger: Logger;
  /** Worker threads; default {@link defaultConcurrency}. */
  readonly concurrency?: number;
  readonly logLevel?: EnvoyLogLevel;
  /** Where the private runtime directory is made; default $XDG_RUNTIME_DIR, else the temporary directory. */
  readonly runtimeRoot?: string;
  /** A directory for an Envoy that outlives us: it goes on when we die, and an Envoy that is found there is gone on with. */
  readonly kept?: KeptDirectory;
  /** Further command-line arguments, e.g. `--drain-time-s 60`, `--component-log-level upstream:debug`. */
  readonly extraArguments?: readonly string[];
  /**
   * Envoy's standard output, for access logs on /dev/stdout: default `inherit`, or the stream of an open file. Never a pipe of Node's:
   * it is a socket, and /dev/stdout can't be opened on one.
   */
  readonly stdout?: "inherit" | "ignore" | Stream;
  readonly drain?: DrainOptions;
  /** From SIGTERM to SIGKILL, in milliseconds; default 2000. */
  readonly killAfterMs?: number;
  /** An exit after this long a life counts as the first failure again, in milliseconds; default 10000. */
  readonly healthyAfterMs?: number;
  /** Which setpriv to use; `false`: none, as where there is none. Default: the one on PATH. */
  readonly setpriv?: string | false;
}

/**
 * Worker threads when nobody asks: one for each processor that we may use, 8 at most. Each worker has connection
 * pools of its own, so more of them would cost backends connections before they served a single machine better.
 */
export function defaultConcurrency(): number {
  return Math.min(availableParallelism(), 8);
}

/**
 * Runs Envoy for as long as we live: started anew when it dies, drained when we stop, and killed when we are, unless it is to
 * outlive us.
 *
 * @example
 * const envoy = await EnvoyProcess.start({ envoy: path, bootstrap: { json }, logger });
 * await envoy.when((now) => now.state === "live");
 * await envoy.stop();
 */
export class EnvoyProcess {
  readonly admin: EnvoyAdmin;
  readonly #options: EnvoyProcessOptions;
  readonly #runtime: RuntimeDirectory;
  readonly #watchdog: Watchdog;
  readonly #setpriv: string | undefined;
  readonly #observers = new Set<(state: EnvoyState) => void>();
  readonly #abandonDrain = new AbortController();
  #state: EnvoyState = { state: "starting", pid: undefined };
  #life: EnvoyLife | undefined;
  #ended: Promise<void> = Promise.resolve();
  #restart: NodeJS.Timeout | undefined;
  #failures = 0;
  #replacing = false;
  #stopping: Promise<Drained | undefined> | undefined;

  /** @throws FleetError `runtime-directory`. An Envoy that can't run is no error here: it is told as a state, and tried again. */
  static async start(options: EnvoyProcessOptions): Promise<EnvoyProcess> {
    const setpriv =
      options.setpriv === undefined ? await findSetpriv(process.env["PATH"]) : options.setpriv || undefined;
    const runtime = options.kept ?? (await makeRuntimeDirectory(options.runtimeRoot));
    const envoy = new EnvoyProcess(options, runtime, setpriv);
    if (await envoy.#adopt()) return envoy;
    if ("json" in options.bootstrap) await writeFile(runtime.bootstrap, options.bootstrap.json, { mode: 0o600 });
    envoy.#launch();
    return envoy;
  }

  private constructor(options: EnvoyProcessOptions, runtime: RuntimeDirectory, setpriv: string | undefined) {
    this.#options = options;
    this.#runtime = runtime;
    this.#setpriv = setpriv;
    this.#watchdog = options.kept === undefined ? startWatchdog([runtime.path], options.logger) : noWatchdog;
    this.admin = envoyAdmin(runtime.adminSocket);
  }

  get state(): EnvoyState {
    return this.#state;
  }

  /** The Unix domain socket of the admin interface; the same for each Envoy that is started. */
  get adminSocket(): string {
    return this.#runtime.adminSocket;
  }

  /** The process id of the watchdog, for diagnosis. */
  get watchdogPid(): number | undefined {
    return this.#watchdog.pid;
  }

  /** Calls `observer` on each change of state. Returns a function that ends it. */
  onState(observer: (state: EnvoyState) => void): () => void {
    this.#observers.add(observer);
    return () => {
      this.#observers.delete(observer);
    };
  }

  /** The first state that fits, now or later. Rejects when Envoy is stopped before. */
  when(fits: (state: EnvoyState) => boolean): Promise<EnvoyState> {
    return new Promise((resolve, reject) => {
      const look = (state: EnvoyState): boolean => {
        if (fits(state)) resolve(state);
        else if (state.state === "stopped") reject(new Error("Envoy was stopped"));
        else return false;
        return true;
      };
      if (look(this.#state)) return;
      const end = this.onState((state) => {
        if (look(state)) end();
      });
    });
  }

  /**
   * Drains Envoy, then ends it: SIGTERM, and SIGKILL when that isn't enough. Asked again, it is the same stop.
   *
   * @returns what the drain came to; undefined when there was nothing to drain
   */
  stop(): Promise<Drained | undefined> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Ends Envoy now, a drain under way included: for a second Ctrl-C. */
  async kill(): Promise<void> {
    this.#abandonDrain.abort();
    const stopped = this.stop();
    this.#life?.kill("SIGKILL");
    await stopped;
  }

  async #stop(): Promise<Drained | undefined> {
    // An observer may have asked: the others see the state that it was told before they see the next.
    await Promise.resolve();
    clearTimeout(this.#restart);
    const drained = this.#abandonDrain.signal.aborted ? undefined : await this.#drain();
    await this.#end();
    this.#watchdog.close();
    await this.#runtime.remove();
    this.#change({ state: "stopped" });
    return drained;
  }

  async #drain(): Promise<Drained | undefined> {
    if (this.#state.state !== "live") return undefined;
    this.#change({ state: "draining", pid: this.#state.pid });
    try {
      return await drain(this.admin, this.#options.drain ?? {}, this.#abandonDrain.signal);
    } catch (error) {
      if (this.#life !== undefined && !this.#abandonDrain.signal.aborted)
        this.#options.logger.warn({ error: String(error) }, "Envoy could not be drained");
      return undefined;
    }
  }

  #launch(): void {
    const { kept, stdout = "inherit" } = this.#options;
    const command = this.#command();
    const guards = { setpriv: this.#setpriv, stdout, watchdog: this.#watchdog };
    this.#live((observer) =>
      kept === undefined
        ? startGuarded(command, guards, observer)
        : startOutliving(command, { stdout, directory: kept, bootstrap: this.#bootstrapText() }, observer),
    );
  }

  /** Goes on with an Envoy that was started before us, if it is as ours would be. One that is not is drained and ended. */
  async #adopt(): Promise<boolean> {
    const { kept, logger } = this.#options;
    const record = kept === undefined ? undefined : readRecord(kept.record);
    if (kept === undefined || record === undefined) return false;
    const same = isSame(record, this.#command(), this.#bootstrapText());
    logger.info(
      { pid: record.pid },
      same ? "going on with the Envoy that runs" : "the Envoy that runs was started in another way: replacing it",
    );
    this.#live((observer) => adopt(record, kept, observer));
    if (same) return true;
    this.#replacing = true;
    await drain(this.admin, this.#options.drain ?? {}).catch(() => undefined);
    await this.#end();
    this.#replacing = false;
    return false;
  }

  #live(begin: (observer: LifeObserver) => EnvoyLife): void {
    const startedAt = performance.now();
    let complaint: string | undefined;
    let raw: string | undefined;
    let ended = (): void => {};
    this.#ended = new Promise((resolve) => {
      ended = resolve;
    });
    const life = begin({
      line: (text) => {
        const line = parseEnvoyLog(text);
        if (line.level === "error" || line.level === "critical") complaint = line.message;
        else if (line.level === "raw") raw = line.message;
        passOn(line, this.#options.logger, { pid: life.pid });
      },
      failed: (message) => {
        complaint = message;
      },
      ended: (code, signal) => {
        this.#life = undefined;
        const ranForMs = performance.now() - startedAt;
        this.#exited({ pid: life.pid, code, signal, message: complaint ?? raw, ranForMs });
        ended();
      },
    });
    this.#life = life;
    this.#change({ state: "starting", pid: life.pid });
    void this.#watchReadiness(life, startedAt);
  }

  #command(): readonly string[] {
    return [this.#options.envoy, ...this.#arguments()];
  }

  #bootstrapText(): string {
    const { bootstrap } = this.#options;
    return "json" in bootstrap ? bootstrap.json : bootstrap.file;
  }

  /** SIGTERM, and SIGKILL when that isn't enough. */
  async #end(): Promise<void> {
    this.#life?.kill("SIGTERM");
    const kill = setTimeout(() => this.#life?.kill("SIGKILL"), this.#options.killAfterMs ?? 2_000);
    await this.#ended;
    clearTimeout(kill);
  }

  #arguments(): readonly string[] {
    const { bootstrap, concurrency, logLevel, extraArguments } = this.#options;
    const address = { pipe: { path: this.#runtime.adminSocket, mode: 0o600 } };
    const flags: readonly (readonly [string, string])[] = [
      ["--config-path", "file" in bootstrap ? bootstrap.file : this.#runtime.bootstrap],
      ["--config-yaml", JSON.stringify({ admin: { address } })],
      ["--concurrency", String(concurrency ?? defaultConcurrency())],
      ["--log-format", envoyLogFormat],
      ["--log-level", logLevel ?? "info"],
    ];
    return [...flags.flat(), "--disable-hot-restart", ...(extraArguments ?? [])];
  }

  async #watchReadiness(life: EnvoyLife, startedAt: number): Promise<void> {
    for (let pause = 10; this.#life === life && this.#state.state === "starting"; pause = Math.min(100, pause + 10)) {
      if ((await this.admin.readiness()) === "LIVE") {
        if (this.#life === life && life.pid !== undefined && this.#state.state === "starting")
          this.#change({ state: "live", pid: life.pid, startedInMs: performance.now() - startedAt });
        return;
      }
      await sleep(pause, undefined, { ref: false });
    }
  }

  #exited(exit: EnvoyExit): void {
    if (this.#stopping !== undefined || this.#replacing) {
      this.#options.logger.info(exitFields(exit), `Envoy ${describeExit(exit)}`);
      this.#change({ state: "exited", ...exit });
      return;
    }
    this.#failures = exit.ranForMs >= (this.#options.healthyAfterMs ?? 10_000) ? 1 : this.#failures + 1;
    const delayMs = backoff(this.#failures, Math.random());
    this.#options.logger.error(exitFields(exit), `Envoy ${describeExit(exit)}; starting it again in ${delayMs} ms`);
    this.#change({ state: "exited", ...exit });
    // An observer may have stopped us.
    if (this.#stopping !== undefined) return;
    this.#restart = setTimeout(() => this.#launch(), delayMs);
    this.#change({ state: "restarting", delayMs, failures: this.#failures, exit });
  }

  #change(state: EnvoyState): void {
    this.#state = state;
    for (const observer of this.#observers) {
      try {
        observer(state);
      } catch (error) {
        this.#options.logger.error({ error: String(error) }, "an observer of Envoy's state failed");
      }
    }
  }
}

function exitFields(exit: EnvoyExit): Readonly<Record<string, unknown>> {
  return { pid: exit.pid, code: exit.code, signal: exit.signal };
}
