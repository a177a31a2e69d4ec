import type { AccessLog } from "../ir/access-log.ts";
import type { AccessLog as AccessLogSpec } from "../resources/generated/gatewright-api.ts";
import { logFormatProblem } from "../resources/log-format.ts";
import type { ProxyParameters } from "./proxy-parameters.ts";

/** What `spec.accessLogs` of GatewayParameters means. */
export function accessLogsOf({ accessLogs }: Pick<ProxyParameters, "accessLogs">): readonly AccessLog[] {
  return accessLogs.map(({ to = "Stdout", json, text }) => ({
    to,
    format:
      text !== undefined
        ? { kind: "text", line: text }
        : json !== undefined
          ? { kind: "json", fields: json }
          : { kind: "default" },
  }));
}

/** What Envoy would not take of `spec.accessLogs`, in words: the schema can't see into formats. */
export function accessLogProblem(logs: readonly AccessLogSpec[]): string | undefined {
  for (const [index, { json = {}, text }] of logs.entries()) {
    const formats = [
      ...(text === undefined ? [] : [["text", text] as const]),
      ...Object.entries(json).map(([name, format]) => [`json[${JSON.stringify(name)}]`, format] as const),
    ];
    for (const [field, format] of formats) {
      const problem = logFormatProblem(format);
      if (problem !== undefined) return `spec.accessLogs[${index}].${field}: ${problem}`;
    }
  }
  return undefined;
}
