import type { TestContext } from "node:test";
import { Worker } from "node:worker_threads";

export type BackendMessage =
  | { readonly kind: "start"; readonly name: string; readonly host: string; readonly port: number }
  | { readonly kind: "stop"; readonly name: string };

export interface BackendReport {
  readonly name: string;
  readonly state: "listening" | "closed";
}

/** Backends that answer with their names. */
export interface Backends {
  start(name: string, host: string, port: number): Promise<void>;
  /** Ends one as a server ends that gets SIGTERM; done when its last connection is closed. */
  stop(name: string): Promise<void>;
}

export function startBackends(t: TestContext): Backends {
  const worker = new Worker(new URL("backends-worker.ts", import.meta.url));
  t.after(() => worker.terminate());
  worker.setMaxListeners(0);
  const waiting = new Map<string, () => void>();
  worker.on("message", ({ name, state }: BackendReport) => waiting.get(`${name} ${state}`)?.());
  const ask = (message: BackendMessage, state: BackendReport["state"]): Promise<void> =>
    new Promise((resolve, reject) => {
      waiting.set(`${message.name} ${state}`, resolve);
      worker.once("error", reject);
      worker.postMessage(message);
    });
  return {
    start: (name, host, port) => ask({ kind: "start", name, host, port }, "listening"),
    stop: (name) => ask({ kind: "stop", name }, "closed"),
  };
}
