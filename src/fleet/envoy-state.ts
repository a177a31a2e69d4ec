/** How an Envoy process ended. */
export interface EnvoyExit {
  readonly pid: number | undefined;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Envoy's own last word: the last error or critical line of its log, else the last line outside it. */
  readonly message: string | undefined;
  readonly ranForMs: number;
}

/**
 * What Envoy is doing, as its supervisor sees it.
 *
 *     starting → live → draining → stopped
 *        ↑  └──────┴──→ exited → restarting ─┐
 *        └──────────────────────────────────┘
 *
 * `live` is Envoy's word: workers run and the first configuration has come. `failures` counts exits in a row,
 * none of which came after a long life.
 */
export type EnvoyState =
  | { readonly state: "starting"; readonly pid: number | undefined }
  | { readonly state: "live"; readonly pid: number; readonly startedInMs: number }
  | ({ readonly state: "exited" } & EnvoyExit)
  | { readonly state: "restarting"; readonly delayMs: number; readonly failures: number; readonly exit: EnvoyExit }
  | { readonly state: "draining"; readonly pid: number }
  | { readonly state: "stopped" };

/** How an exit is told in one line. @example "killed by SIGSEGV after 12.0 s" */
export function describeExit(exit: EnvoyExit): string {
  const { code, signal } = exit;
  const how = signal !== null ? `killed by ${signal}` : code !== null ? `exited with code ${code}` : "ended";
  const after = `${how} after ${(exit.ranForMs / 1_000).toFixed(1)} s`;
  return exit.message === undefined ? after : `${after}: ${exit.message}`;
}
