import { spawn } from "node:child_process";
import { dirname, resolve } from "node:path";
import { AccessError, type Credential } from "./access.ts";

/** A kubeconfig's `user.exec`. */
export interface ExecPlugin {
  readonly apiVersion?: string;
  readonly command: string;
  readonly args?: readonly string[] | null;
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null;
  readonly installHint?: string;
  readonly provideClusterInfo?: boolean;
  readonly interactiveMode?: "Never" | "IfAvailable" | "Always";
}

/** What a plugin is told of the cluster with `provideClusterInfo`. */
export type ClusterInfo = Readonly<Record<string, unknown>>;

interface Held {
  readonly credential: Credential;
  readonly expires: number;
}

/**
 * Credentials from a program, as client-go asks for them (KEP-541): run when there is none, when it expires, and after
 * the server refused one; many requests at once run it once.
 */
export class ExecCredential {
  readonly #plugin: ExecPlugin;
  readonly #directory: string;
  readonly #cluster: ClusterInfo;
  #held: Promise<Held> | undefined;

  /** @param file the kubeconfig; a command with a slash is relative to it */
  constructor(plugin: ExecPlugin, file: string, cluster: ClusterInfo) {
    this.#plugin = plugin;
    this.#directory = dirname(file);
    this.#cluster = cluster;
  }

  /** @throws AccessError */
  async credential(): Promise<Credential> {
    const known = this.#held;
    const held = await (known ?? this.#ask());
    if (held.expires > Date.now()) return held.credential;
    if (this.#held === known) this.#held = undefined;
    return (await this.#ask()).credential;
  }

  refused(): void {
    this.#held = undefined;
  }

  #ask(): Promise<Held> {
    if (this.#held !== undefined) return this.#held;
    const asked = this.#run().then(
      (output) => this.#read(output),
      (error: unknown) => {
        throw this.#failure(error instanceof Error ? error.message : String(error));
      },
    );
    // A failure is not kept.
    asked.catch(() => {
      if (this.#held === asked) this.#held = undefined;
    });
    this.#held = asked;
    return asked;
  }

  #run(): Promise<string> {
    const { command, args, env, apiVersion, provideClusterInfo, interactiveMode } = this.#plugin;
    const interactive = interactiveMode !== "Never" && process.stdin.isTTY;
    const info = {
      apiVersion,
      kind: "ExecCredential",
      spec: { interactive, ...(provideClusterInfo === true && { cluster: this.#cluster }) },
    };
    return new Promise((settle, reject) => {
      const child = spawn(command.includes("/") ? resolve(this.#directory, command) : command, args ?? [], {
        env: {
          ...process.env,
          KUBERNETES_EXEC_INFO: JSON.stringify(info),
          ...Object.fromEntries((env ?? []).map(({ name, value }) => [name, value])),
        },
        stdio: [interactive ? "inherit" : "ignore", "pipe", "inherit"],
      });
      let output = "";
      child.stdout.setEncoding("utf8");
      child.stdout.on("data", (chunk: string) => {
        output += chunk;
      });
      child.on("error", reject);
      child.on("close", (code) => {
        if (code === 0) settle(output);
        else reject(new Error(`it ended with ${code ?? "a signal"}`));
      });
    });
  }

  #read(output: string): Held {
    const { status = {} }: { status?: ExecStatus } = this.#parse(output);
    const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = status;
    if (token === undefined && cert === undefined) throw this.#failure("its answer has neither token nor certificate");
    return {
      credential: { headers: token === undefined ? {} : { authorization: `Bearer ${token}` }, cert, key },
      expires: expirationTimestamp === undefined ? Number.POSITIVE_INFINITY : Date.parse(expirationTimestamp),
    };
  }

  #parse(output: string) {
    try {
      return JSON.parse(output);
    } catch {
      throw this.#failure("its answer is no JSON");
    }
  }

  #failure(reason: string): AccessError {
    const { command, installHint } = this.#plugin;
    const hint = installHint === undefined ? "" : `\n${installHint}`;
    return new AccessError(`The credential plugin ${command} of the kubeconfig fails: ${reason}.${hint}`);
  }
}

interface ExecStatus {
  readonly token?: string;
  readonly clientCertificateData?: string;
  readonly clientKeyData?: string;
  readonly expirationTimestamp?: string;
}
