import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { freeOffset, freePort } from "./ports.ts";
import { root, run } from "./programs.ts";
import { bounded, eventually } from "./wait.ts";

/** A Kubernetes object as `gatewright get -o json` prints it. */
export interface StatusObject {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: { readonly gatewayClassName?: string };
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly addresses?: readonly { readonly type: string; readonly value: string }[];
    readonly listeners?: readonly {
      readonly name: string;
      readonly attachedRoutes: number;
      readonly conditions: readonly Condition[];
    }[];
    readonly parents?: readonly { readonly conditions: readonly Condition[] }[];
  };
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** `bin/gatewright run`, ready to serve. */
export interface RunningGateway {
  readonly pid: number;
  readonly process: ChildProcess;
  readonly adminAddress: string;
  /** What its ports are moved by. */
  readonly offset: number;
  /** Where the listener of that port is, on 127.0.0.1. */
  port(port: number): number;
  /** One object with its status, from `gatewright get -o json`. */
  get(kind: string, name: string, namespace?: string): Promise<StatusObject>;
  /** A command of the CLI that talks to this instance. */
  cli(...args: readonly string[]): ReturnType<typeof run>;
  /** Everything that it printed so far. */
  log(): string;
  /** SIGTERM, and its exit code. */
  stop(): Promise<number | null>;
}

export interface GatewayOptions {
  /** Further environment variables. */
  readonly env?: NodeJS.ProcessEnv;
  /** What starts Gatewright; `bin/gatewright` of this checkout by default. */
  readonly command?: readonly string[];
  /** What its ports are moved by, where that is known already; a free one by default. */
  readonly offset?: number;
  /** Where Envoy and its sockets stay when Gatewright is killed. */
  readonly runtimeDirectory?: string;
}

/**
 * Starts `bin/gatewright run` on paths, with its listeners moved to free ports, and waits until it serves.
 * It is stopped after the test; if the test failed, its log is printed.
 *
 * @param ports the ports that its Gateways listen on; none leaves them where they are
 */
export async function startGateway(
  t: TestContext,
  paths: readonly string[],
  ports: readonly number[],
  { env, command = [join(root, "bin/gatewright")], offset: given, runtimeDirectory }: GatewayOptions = {},
): Promise<RunningGateway> {
  const offset = given ?? (ports.length === 0 ? 0 : await freeOffset(ports));
  const adminAddress = `127.0.0.1:${await freePort()}`;
  const options = ["--port-offset", String(offset), "--admin-address", adminAddress, "--drain-time", "1"];
  if (runtimeDirectory !== undefined) options.push("--runtime-directory", runtimeDirectory);
  const [program = "", ...first] = command;
  const child = spawn(program, [...first, "run", ...paths, ...options], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => chunks.push(text));
  const exited = once(child, "exit").then(() => child.exitCode);
  const log = () => chunks.join("");

  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    return await bounded(exited, 20_000, "stopping Gatewright").catch((error: unknown) => {
      child.kill("SIGKILL");
      throw error;
    });
  };
  t.after(async () => {
    await stop().finally(() => {
      if (failed(t)) process.stderr.write(`--- log of ${t.fullName}\n${log()}---\n`);
    });
  });

  const cli = (...args: readonly string[]) => run(program, [...first, ...args, "--admin-address", adminAddress], env);
  await eventually(async () => {
    if (child.exitCode !== null) return;
    const response = await fetch(`http://${adminAddress}/readyz`);
    const text = await response.text();
    if (!response.ok) throw new Error(`not ready: ${text}`);
  }, 60_000).catch((error: unknown) => {
    throw new Error(`Gatewright did not become ready; its log:\n${log()}`, { cause: error });
  });
  if (child.exitCode !== null || child.pid === undefined)
    throw new Error(`Gatewright ended at once; its log:\n${log()}`);

  return {
    pid: child.pid,
    process: child,
    adminAddress,
    offset,
    port: (port) => port + offset,
    get: async (kind, name, namespace = "default") => {
      const output = await cli("get", kind, name, "-n", namespace, "-o", "json");
      if (output.code !== 0) throw new Error(`gatewright get ${kind} ${name}: ${output.stderr}`);
      return JSON.parse(output.stdout);
    },
    cli,
    log,
    stop,
  };
}

function failed(t: TestContext): boolean {
  // Node has had it since 21.7; its types don't know it yet.
  return "passed" in t && t.passed === false;
}
