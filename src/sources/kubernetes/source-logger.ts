type Fields = Readonly<Record<string, unknown>>;

/** The part of a structured logger that the source writes to. */
export interface SourceLogger {
  info(fields: Fields, message: string): void;
  warn(fields: Fields, message: string): void;
}

/** Drops everything. */
export const silent: SourceLogger = { info: () => {}, warn: () => {} };
