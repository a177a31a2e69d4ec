import type { TestContext } from "node:test";
import { Worker } from "node:worker_threads";
import { eventually } from "../e2e/harness/wait.ts";
import type { RouteVersion } from "./answers.ts";

export interface LoadOptions {
  readonly host: string;
  readonly port: number;
  readonly securePort: number;
  readonly ca: string;
  /** Requests per second. */
  readonly rate: number;
  /** The longest that it may last. */
  readonly seconds: number;
}

/** What the thread is told. */
export type LoadMessage =
  | { readonly kind: "version"; readonly version: RouteVersion }
  | { readonly kind: "serial"; readonly serial: string; readonly number: number }
  | { readonly kind: "begin" | "stop" };

export interface LoadReport {
  readonly answered: number;
  readonly failed: number;
  /** The first failures, in words. */
  readonly failures: readonly string[];
  readonly handshakes: number;
  /** Number of the newest certificate that was shown. */
  readonly newestSerial: number;
  /** Requests that were due while this machine was too busy to send them. */
  readonly leftOut: number;
  readonly pending: number;
  /** The version of the route that has answered on every connection, or a later one. */
  readonly version: number;
  /** The endpoint of each Service that has answered on every connection, or a later one. */
  readonly epochs: Readonly<Record<string, number>>;
}

/** A steady load on one host: HTTP/1.1, HTTP/2 and HTTPS on connections that are kept, and new HTTPS connections. */
export interface Load {
  /** Resolves when it knows: on a busy machine an answer may come before that. */
  tell(message: LoadMessage): Promise<void>;
  /** How it stands, some milliseconds ago. */
  report(): LoadReport;
  /** Waits until a report is as it should be. @throws Error with what failed meanwhile, if anything did */
  until(fits: (report: LoadReport) => boolean, what: string): Promise<void>;
  /** Sends no more, and waits for what is under way. */
  stop(): Promise<LoadReport>;
}

export function startLoad(t: TestContext, options: LoadOptions): Load {
  const worker = new Worker(new URL("load-worker.ts", import.meta.url), { workerData: options });
  let last: LoadReport | undefined;
  let crashed: unknown;
  const unheard: (() => void)[] = [];
  worker.on("message", (message: LoadReport | "heard") => {
    if (message === "heard") unheard.shift()?.();
    else last = message;
  });
  worker.on("error", (error) => {
    crashed = error;
    for (const resolve of unheard.splice(0)) resolve();
  });
  const tell = (message: LoadMessage) =>
    new Promise<void>((resolve) => {
      unheard.push(resolve);
      worker.postMessage(message);
    });
  t.after(() => worker.terminate());
  const report = (): LoadReport => {
    if (crashed !== undefined) throw crashed;
    if (last === undefined) throw new Error("the load has not begun");
    return last;
  };
  const until = async (fits: (now: LoadReport) => boolean, what: string): Promise<void> => {
    await eventually(() => {
      const now = report();
      if (!fits(now)) throw new Error(`${what}: never, but ${JSON.stringify(now, undefined, 1)}`);
    }, 30_000);
  };
  return {
    tell,
    report,
    until,
    async stop() {
      await tell({ kind: "stop" });
      await until(({ pending }) => pending === 0, "every answer is there");
      return report();
    },
  };
}
