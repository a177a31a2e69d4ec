/** Fields of a log record, besides its message. */
export type LogFields = Readonly<Record<string, unknown>>;

/** The part of a structured logger that the fleet writes to. A pino logger is one. */
export interface Logger {
  /** Where Envoy's own `debug` and `trace` go; without it, they go to `info`. */
  debug?(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** Drops everything. */
export const silent: Logger = { info: () => {}, warn: () => {}, error: () => {} };
