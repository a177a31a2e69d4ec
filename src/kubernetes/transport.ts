import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { ClusterAccess, Credential } from "./access.ts";
import { ApiError } from "./api-error.ts";

export interface Exchange {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Gives up when nothing at all came for so long. */
  readonly idleMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Connections to one API server: kept alive, and made anew when certificates are. */
export class Transport {
  readonly #access: ClusterAccess;
  readonly #base: URL;
  #agent: { readonly agent: HttpAgent; readonly made: string } | undefined;

  constructor(access: ClusterAccess) {
    this.#access = access;
    this.#base = new URL(access.server);
  }

  /**
   * The answer, whatever its status, with its body still to be read.
   *
   * @throws ApiError `Unreachable`; AccessError; the signal's reason
   */
  async exchange(exchange: Exchange): Promise<IncomingMessage> {
    const credential = await this.#access.credential();
    const agent = await this.#agentFor(credential);
    try {
      return await this.#send(exchange, credential, agent);
    } catch (error) {
      // The server closed an idle connection just when it was used again: nobody has seen the request.
      const unseen = error instanceof StaleConnection && exchange.method !== "POST";
      if (unseen) return await this.#send(exchange, credential, agent);
      throw error;
    }
  }

  close(): void {
    this.#agent?.agent.destroy();
    this.#agent = undefined;
  }

  async #agentFor(credential: Credential): Promise<HttpAgent> {
    const { ca, cert, key } = credential;
    const made = JSON.stringify([ca, cert, key]);
    if (this.#agent?.made === made) return this.#agent.agent;
    const agent = await this.#newAgent({ ca, cert, key });
    // What is under way ends as it began.
    for (const sockets of Object.values(this.#agent?.agent.freeSockets ?? {})) {
      for (const socket of sockets ?? []) socket.destroy();
    }
    this.#agent = { agent, made };
    return agent;
  }

  async #newAgent(tls: Omit<Credential, "headers">): Promise<HttpAgent> {
    const { serverName, insecure, server } = this.#access;
    const options = {
      keepAlive: true,
      // Below the 90 s after which an API server closes idle connections.
      timeout: 60_000,
      ...(this.#base.protocol === "https:" && {
        ...defined(tls),
        ...(serverName !== undefined && { servername: serverName }),
        ...(insecure && { rejectUnauthorized: false }),
      }),
    };
    const proxy = await proxyFor(server, this.#access.proxyUrl);
    if (proxy !== undefined) {
      const { HttpsProxyAgent } = await import("https-proxy-agent");
      return new HttpsProxyAgent(proxy, options);
    }
    return this.#base.protocol === "https:" ? new HttpsAgent(options) : new HttpAgent(options);
  }

  #send(exchange: Exchange, credential: Credential, agent: HttpAgent): Promise<IncomingMessage> {
    const { method, path, headers, body, idleMs, signal } = exchange;
    const options: RequestOptions = {
      protocol: this.#base.protocol,
      hostname: this.#base.hostname.replace(/^\[|\]$/g, ""),
      port: this.#base.port,
      method,
      path: `${this.#base.pathname.replace(/\/$/, "")}${path}`,
      headers: {
        ...headers,
        ...credential.headers,
        ...(body !== undefined && { "content-length": String(Buffer.byteLength(body)) }),
      },
      timeout: idleMs,
      agent,
      ...(signal && { signal }),
    };
    return new Promise((resolve, reject) => {
      const request = (this.#base.protocol === "https:" ? httpsRequest : httpRequest)(options, (response) => {
        // Node only tells; ending it is up to us. The reader of the body gets the error.
        request.on("timeout", () => response.destroy(silence(idleMs)));
        resolve(response);
      });
      request.on("timeout", () => request.destroy(silence(idleMs)));
      request.on("error", (error) => {
        if (signal?.aborted === true) reject(signal.reason);
        else if (request.reusedSocket && "code" in error && error.code === "ECONNRESET") {
          reject(new StaleConnection(this.#unreachable(error), unreachable(error)));
        } else reject(new ApiError(this.#unreachable(error), unreachable(error)));
      });
      request.end(body);
    });
  }

  #unreachable(error: Error): string {
    return `The API server at ${this.#access.server} can't be reached: ${reasonOf(error)}`;
  }
}

class StaleConnection extends ApiError {}

function unreachable(cause: Error) {
  return { reason: "Unreachable", status: 0, cause };
}

/** Node's errors of several attempted addresses have no message of their own. */
function reasonOf(error: Error): string {
  if (error instanceof AggregateError) return error.errors.map((each) => reasonOf(each)).join("; ");
  return error.message;
}

function silence(idleMs: number): ApiError {
  return new ApiError(`nothing came for ${idleMs / 1000} s`, { reason: "Unreachable", status: 0 });
}

function defined({ ca, cert, key }: Omit<Credential, "headers">) {
  return { ...(ca !== undefined && { ca }), ...(cert !== undefined && { cert }), ...(key !== undefined && { key }) };
}

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** As kubectl does: the kubeconfig's, else the environment's, which is never asked for this machine itself. */
async function proxyFor(server: string, configured: string | undefined): Promise<string | undefined> {
  if (configured !== undefined) return configured;
  if (loopback.test(new URL(server).hostname)) return undefined;
  const { getProxyForUrl } = await import("proxy-from-env");
  return getProxyForUrl(server) || undefined;
}
