import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { isIdentity, lives, type ProcessIdentity } from "./process-identity.ts";

/** What is written down of an Envoy that may outlive us, for whoever comes after us. */
export interface EnvoyRecord extends ProcessIdentity {
  /** Its command line, and the text of its bootstrap: who needs others can't go on with it. */
  readonly command: readonly string[];
  readonly bootstrap: string;
}

/** Writes a record, whole or not at all. */
export function writeRecord(file: string, record: EnvoyRecord): void {
  writeFileSync(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** The record of an Envoy that still runs. */
export function readRecord(file: string): EnvoyRecord | undefined {
  try {
    const record: unknown = JSON.parse(readFileSync(file, "utf8"));
    return isRecord(record) && lives(record) ? record : undefined;
  } catch {
    return undefined;
  }
}

export function removeRecord(file: string): void {
  rmSync(file, { force: true });
}

/** Whether an Envoy that is as recorded is the one that we would start. */
export function isSame(record: EnvoyRecord, command: readonly string[], bootstrap: string): boolean {
  return JSON.stringify(record.command) === JSON.stringify(command) && record.bootstrap === bootstrap;
}

function isRecord(value: unknown): value is EnvoyRecord {
  return isIdentity(value) && "command" in value && "bootstrap" in value && Array.isArray(value.command);
}
