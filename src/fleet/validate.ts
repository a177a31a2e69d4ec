import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { envoyLogFormat, parseEnvoyLog } from "./envoy-log.ts";

/** Envoy's verdict on a bootstrap. */
export type Validation =
  | { readonly ok: true; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly message: string; readonly warnings: readonly string[] };

/**
 * Asks Envoy whether it would start with this bootstrap (`envoy --mode validate`): the oracle for everything that we generate.
 * It reads files and certificates that the bootstrap names, resolves no address and opens no socket.
 *
 * @param bootstrap as an object, or a file's path
 * @throws Error when Envoy can't be run, or gives no verdict within `timeoutMs` (default 30000)
 * @example await validate(envoy, { static_resources: { listeners: [{ nme: "x" }] } })  // { ok: false, message: "… no such field: 'nme' …" }
 */
export async function validate(
  envoy: string,
  bootstrap: object | string,
  options: { readonly timeoutMs?: number } = {},
): Promise<Validation> {
  if (typeof bootstrap === "string") return run(envoy, bootstrap, options.timeoutMs ?? 30_000);
  const directory = await mkdtemp(join(tmpdir(), "gatewright-validate-"));
  try {
    const file = join(directory, "bootstrap.json");
    await writeFile(file, JSON.stringify(bootstrap), { mode: 0o600 });
    return await run(envoy, file, options.timeoutMs ?? 30_000);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function run(envoy: string, file: string, timeoutMs: number): Promise<Validation> {
  const args = ["--mode", "validate", "--config-path", file, "--log-format", envoyLogFormat, "--log-level", "warning"];
  return new Promise((resolve, reject) => {
    execFile(envoy, args, { timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024 }, (error, _stdout, stderr) => {
      const lines = stderr.split("\n").filter(Boolean).map(parseEnvoyLog);
      const warnings = lines.filter(({ level }) => level === "warning").map(({ message }) => message);
      if (error === null) return resolve({ ok: true, warnings });
      // Envoy's exit codes are numbers; a string (ENOENT) or a signal means that there was no verdict.
      if (typeof error.code !== "number") return reject(error);
      const complaints = lines.filter(({ level }) => level === "error" || level === "critical");
      const said = complaints.at(-1) ?? lines.at(-1);
      resolve({ ok: false, message: said?.message ?? `exit code ${error.code}`, warnings });
    });
  });
}
