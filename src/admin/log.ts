import { type Logger, pino } from "pino";
import type { LogFields } from "../fleet/logger.ts";

export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];
export type LogFormat = "text" | "json";

/** Writes records to standard error: JSON for machines, or a line for people. Standard output is left to answers. */
export function createLogger(level: LogLevel, format: LogFormat): Logger {
  const destination =
    format === "json" ? process.stderr : { write: (record: string) => process.stderr.write(`${textOf(record)}\n`) };
  return pino(
    {
      level,
      base: null,
      formatters: { level: (label) => ({ level: label }) },
      messageKey: "message",
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    destination,
  );
}

/** JSON where a machine reads, text at a terminal. */
export function defaultLogFormat(stream: { readonly isTTY?: boolean }): LogFormat {
  return stream.isTTY === true ? "text" : "json";
}

/** @example "12:00:01.250 warn  Envoy restarts  delayMs=100" */
function textOf(record: string): string {
  const { level, time, message, ...fields }: LogFields & { level?: unknown; time?: unknown; message?: unknown } =
    JSON.parse(record);
  const rest = Object.entries(fields).map(
    ([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return [`${String(time).slice(11, 23)} ${String(level).padEnd(5)} ${String(message)}`, ...rest].join("  ");
}
