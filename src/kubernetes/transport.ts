import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { SecureContextOptions } from "node:tls";
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

/** Connections to one API server, kept alive. */
export class Transport {
  readonly #access: ClusterAccess;
  readonly #base: URL;
  #agent: Promise<HttpAgent> | undefined;

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
    this.#agent ??= agentFor(this.#access);
    const agent = await this.#agent;
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
    void this.#agent?.then((agent) => agent.destroy());
    this.#agent = undefined;
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
      // Connections are kept apart by these, so renewed certificates get new ones.
      ...(this.#base.protocol === "https:" && tlsOptions(this.#access, credential)),
      agent,
      ...(signal && { signal }),
    };
    return new Promise((resolve, reject) => {
      let answer: IncomingMessage | undefined;
      const request = (this.#base.protocol === "https:" ? httpsRequest : httpRequest)(options, (response) => {
        answer = response;
        resolve(response);
      });
      // Node only tells; ending it is up to us. Whoever reads the answer gets the error.
      request.on("timeout", () => (answer ?? request).destroy(silence(idleMs)));
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

function tlsOptions({ serverName, insecure }: ClusterAccess, { ca, cert, key }: Credential): SecureContextOptions {
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(serverName !== undefined && { servername: serverName }),
    ...(insecure && { rejectUnauthorized: false }),
  };
}

async function agentFor({ server, proxyUrl }: ClusterAccess): Promise<HttpAgent> {
  // Below the 90 s after which an API server closes idle connections.
  const options = { keepAlive: true, timeout: 60_000 };
  const proxy = await proxyFor(server, proxyUrl);
  if (proxy !== undefined) {
    const { HttpsProxyAgent } = await import("https-proxy-agent");
    return new HttpsProxyAgent(proxy, options);
  }
  return server.startsWith("https:") ? new HttpsAgent(options) : new HttpAgent(options);
}

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** As kubectl does: the kubeconfig's, else the environment's, which is never asked for this machine itself. */
async function proxyFor(server: string, configured: string | undefined): Promise<string | undefined> {
  if (configured !== undefined) return configured;
  if (loopback.test(new URL(server).hostname)) return undefined;
  const { getProxyForUrl } = await import("proxy-from-env");
  return getProxyForUrl(server) || undefined;
}
