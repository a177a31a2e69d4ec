import type { Logger } from "./logger.ts";

/** Envoy's --log-format: one JSON object a line. `%j` is the message, escaped as a JSON string. */
export const envoyLogFormat = '{"level":"%l","logger":"%n","message":"%j"}';

/** One line of Envoy's standard error. */
export interface EnvoyLogLine {
  /** Envoy's own word, or `raw` for a line that isn't in our format: the loader's, the shell's, an abort's. */
  readonly level: EnvoyLogLevel | "raw";
  /** Envoy's component: main, config, upstream … */
  readonly logger: string;
  readonly message: string;
}

const levels = ["trace", "debug", "info", "warning", "error", "critical", "off"] as const;
export type EnvoyLogLevel = (typeof levels)[number];

/**
 * Reads one line that Envoy wrote with {@link envoyLogFormat}.
 *
 * @example parseEnvoyLog('{"level":"info","logger":"main","message":"exiting"}')
 */
export function parseEnvoyLog(line: string): EnvoyLogLine {
  if (line.startsWith("{")) {
    try {
      const record: unknown = JSON.parse(line);
      if (isRecord(record)) return { ...record, message: plainMessage(record.message) };
    } catch {
      // Not in our format after all: passed on as it came.
    }
  }
  return { level: "raw", logger: "stderr", message: plainMessage(line) };
}

/** Passes a line on to the logger, at the level that Envoy gave it. A raw line is a warning: Envoy never says good news outside its log. */
export function passOn(line: EnvoyLogLine, logger: Logger, fields: Readonly<Record<string, unknown>>): void {
  const all = { ...fields, logger: line.logger };
  switch (line.level) {
    case "trace":
    case "debug":
      if (logger.debug === undefined) logger.info(all, line.message);
      else logger.debug(all, line.message);
      return;
    case "info":
      logger.info(all, line.message);
      return;
    case "warning":
    case "raw":
      logger.warn(all, line.message);
      return;
    case "error":
    case "critical":
    case "off":
      logger.error(all, line.message);
      return;
  }
}

/**
 * Envoy's message as a person should see it.
 *
 * protobuf's debug strings are made unstable on purpose: they carry the marker `goo.gle/debugonly` and
 * runs of spaces in random places, so neither may reach a test or a user.
 *
 * @example plainMessage("no  such   field: 'nme'")  // "no such field: 'nme'"
 */
export function plainMessage(message: string): string {
  return message
    .replaceAll(/goo\.gle\/debugonly\s*/g, "")
    .replaceAll(/\s+/g, " ")
    .trim();
}

function isRecord(value: unknown): value is { level: EnvoyLogLevel; logger: string; message: string } {
  if (typeof value !== "object" || value === null) return false;
  if (!("level" in value && "logger" in value && "message" in value)) return false;
  return (
    levels.some((level) => level === value.level) &&
    typeof value.logger === "string" &&
    typeof value.message === "string"
  );
}
