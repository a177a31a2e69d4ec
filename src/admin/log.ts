import { type Logger, pino } from "pino";
import type { LogFields } from "../fleet/logger.ts";
import type { LogFormat, LogLevel } from "./log-options.ts";

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

/** @example "12:00:01.250 warn  Envoy restarts  delayMs=100" */
function textOf(record: string): string {
  const { level, time, message, ...fields }: LogFields & { level?: unknown; time?: unknown; message?: unknown } =
    JSON.parse(record);
  const rest = Object.entries(fields).map(
    ([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  return [`${String(time).slice(11, 23)} ${String(level).padEnd(5)} ${String(message)}`, ...rest].join("  ");
}
