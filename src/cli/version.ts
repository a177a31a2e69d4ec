import { readFileSync } from "node:fs";

/** The version of Gatewright. */
export function version(): string {
  for (const candidate of ["../../package.json", "../../../package.json"]) {
    try {
      const parsed: unknown = JSON.parse(readFileSync(new URL(candidate, import.meta.url), "utf8"));
      if (typeof parsed === "object" && parsed !== null && "version" in parsed) return String(parsed.version);
    } catch {
      // Compiled code is one folder deeper.
    }
  }
  return "unknown";
}
