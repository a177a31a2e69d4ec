import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { findProgram, run } from "./programs.ts";
import { bounded } from "./wait.ts";

/** A real PostgreSQL with an empty database, on `host:port`, gone after the test. Anybody may log in as `postgres`. */
export async function startPostgres(t: TestContext, address: string): Promise<void> {
  const [host = "", port = ""] = address.split(":");
  const folder = await mkdtemp(join(tmpdir(), "gatewright-e2e-"));
  try {
    await startPostgresIn(t, folder, host, port);
  } finally {
    // Hooks run in the order in which they were added: the server ends before its files go.
    t.after(() => rm(folder, { recursive: true, force: true }));
  }
}

async function startPostgresIn(t: TestContext, folder: string, host: string, port: string): Promise<void> {
  await chmod(folder, 0o777);
  const data = join(folder, "data");
  const initdb = unprivileged("initdb", [
    "-D",
    data,
    "-U",
    "postgres",
    "--auth",
    "trust",
    "--no-sync",
    "--no-instructions",
  ]);
  const made = await run(initdb.program, initdb.args);
  if (made.code !== 0) throw new Error(`initdb: ${made.stderr}`);
  const settings = ["-c", `listen_addresses=${host}`, "-c", "fsync=off"];
  const server = unprivileged("postgres", ["-D", data, "-p", port, "-k", folder, ...settings]);
  await startServer(t, server.program, server.args, /database system is ready to accept connections/, "SIGQUIT");
}

/**
 * A real DNS server (dnsmasq) on `host:port`, gone after the test.
 *
 * @param records addresses of names
 */
export async function startDns(
  t: TestContext,
  address: string,
  records: Readonly<Record<string, string>>,
): Promise<void> {
  const [host = "", port = ""] = address.split(":");
  const foreground = ["--keep-in-foreground", "--conf-file=/dev/null", "--pid-file", "--log-facility=-"];
  const listen = [`--listen-address=${host}`, "--bind-interfaces", `--port=${port}`];
  const answers = Object.entries(records).map(([name, record]) => `--host-record=${name},${record}`);
  // As root it would change to a user that may not exist.
  const user = process.getuid?.() === 0 ? ["--user=root", "--group=root"] : [];
  const args = [...foreground, ...listen, ...user, "--no-resolv", "--no-hosts", ...answers];
  await startServer(t, "dnsmasq", args, /started, version/, "SIGTERM");
}

/** Starts a server and waits for the line that says it is ready. */
async function startServer(
  t: TestContext,
  name: string,
  args: readonly string[],
  ready: RegExp,
  end: NodeJS.Signals,
): Promise<void> {
  const program = findProgram(name);
  if (program === undefined) throw new Error(`${name} not found`);
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  const exited = once(child, "exit");
  t.after(async () => {
    child.kill(end);
    await bounded(exited, 10_000, `stopping ${name}`);
  });
  const lines: string[] = [];
  const isReady = new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stderr }).on("line", (line) => {
      lines.push(line);
      if (ready.test(line)) resolve();
    });
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`${name} ended: ${lines.join("\n")}`)));
  });
  await bounded(isReady, 30_000, `starting ${name}`);
}

/** PostgreSQL refuses to run as root; Debian's package made the user `postgres` for it. */
function unprivileged(
  name: string,
  args: readonly string[],
): { readonly program: string; readonly args: readonly string[] } {
  if (process.getuid?.() !== 0) return { program: name, args };
  const program = findProgram(name) ?? name;
  const user = ["--reuid", "postgres", "--regid", "postgres", "--init-groups"];
  return { program: "setpriv", args: [...user, program, ...args] };
}
