import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { ClusterAccess, Credential } from "../access.ts";
import { KubernetesClient } from "../client.ts";

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

/** Answers one request. What it returns is sent as JSON; with nothing returned it has answered by itself. */
export type Answer = (asked: Asked, response: ServerResponse) => unknown;

/**
 * An API server that answers from a script: each request takes the next answer, and the test fails over what is asked
 * beyond the end. Answers may also be given for a path, for ever.
 */
export class ScriptedServer {
  readonly asked: Asked[] = [];
  readonly #script: Answer[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #server = createServer((request, response) => {
    void this.#answer(request, response);
  });

  static async start(): Promise<ScriptedServer> {
    const scripted = new ScriptedServer();
    scripted.#server.listen(0, "127.0.0.1");
    await once(scripted.#server, "listening");
    return scripted;
  }

  get url(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  }

  /** A client of this server, with nothing but the credential. */
  client(credential: () => Credential = () => ({ headers: {} }), refused: () => void = () => {}): KubernetesClient {
    const access: ClusterAccess = {
      server: this.url,
      namespace: "default",
      origin: "a test",
      insecure: false,
      credential: async () => credential(),
      refused,
    };
    return new KubernetesClient(access);
  }

  next(...answers: readonly Answer[]): this {
    this.#script.push(...answers);
    for (const wake of this.#waiting.splice(0)) wake();
    return this;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const url = new URL(request.url ?? "/", this.url);
    const asked: Asked = {
      method: request.method ?? "",
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body: text === "" ? undefined : JSON.parse(text),
    };
    this.asked.push(asked);
    // A script may be written on while the client waits.
    while (this.#script.length === 0) await new Promise<void>((wake) => this.#waiting.push(wake));
    const answer = this.#script.shift()?.(asked, response);
    if (answer === undefined) return;
    const code = typeof answer === "object" && answer !== null && "code" in answer ? Number(answer.code) : 200;
    response.writeHead(code, { "content-type": "application/json" });
    response.end(JSON.stringify(answer));
  }
}

/** A failure, as an API server sends it. */
export function status(code: number, reason: string, details?: unknown) {
  return { kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message: `${reason}!`, details };
}

/** Events of a watch that stays open. */
export function events(...list: readonly unknown[]): Answer {
  return (_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    for (const event of list) response.write(`${JSON.stringify(event)}\n`);
    response.flushHeaders();
  };
}

/** Events of a watch that the server then ends. */
export function lastEvents(...list: readonly unknown[]): Answer {
  return (asked, response) => {
    events(...list)(asked, response);
    response.end();
  };
}
