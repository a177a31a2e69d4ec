import { request } from "node:http";

/** What Envoy says of itself at /ready. `UNREACHABLE`: nobody listens on the socket (yet, or any more). */
export type EnvoyReadiness = "LIVE" | "DRAINING" | "PRE_INITIALIZING" | "INITIALIZING" | "UNREACHABLE";

export interface AdminResponse {
  readonly status: number;
  readonly body: string;
}

/** A client of one Envoy's admin interface on a Unix domain socket. Every call rejects when Envoy isn't there or doesn't answer in time, except where said. */
export interface EnvoyAdmin {
  get(path: string): Promise<AdminResponse>;
  post(path: string): Promise<AdminResponse>;
  /** Never rejects. */
  readiness(): Promise<EnvoyReadiness>;
  /** Counters and gauges whose name matches the RE2 expression. */
  stats(filter: string): Promise<ReadonlyMap<string, number>>;
  /** Makes health checks fail and every HTTP response ask its client to close the connection. */
  failHealthCheck(): Promise<void>;
  /** `graceful`: discourage connections, stop accepting after --drain-time-s. Otherwise stop accepting now. Connections live on either way. */
  drainListeners(how: "graceful" | "now"): Promise<void>;
  /** /config_dump, with its query as it is (`resource=dynamic_listeners`, `include_eds`, …). */
  configDump(query?: string): Promise<unknown>;
}

const readinesses = ["LIVE", "DRAINING", "PRE_INITIALIZING", "INITIALIZING"] as const;

/**
 * @param socketPath the pipe address of `bootstrap.admin`
 * @example await envoyAdmin("/run/gatewright/admin.sock").readiness()  // "LIVE"
 */
export function envoyAdmin(socketPath: string, options: { readonly timeoutMs?: number } = {}): EnvoyAdmin {
  const timeoutMs = options.timeoutMs ?? 5_000;
  const call = (method: "GET" | "POST", path: string) => exchange(socketPath, method, path, timeoutMs);
  const must = async (method: "GET" | "POST", path: string): Promise<string> => {
    const { status, body } = await call(method, path);
    if (status !== 200)
      throw new Error(`Envoy's admin interface answered ${method} ${path} with ${status}: ${body.trim()}`);
    return body;
  };
  return {
    get: (path) => call("GET", path),
    post: (path) => call("POST", path),
    async readiness() {
      try {
        const said = (await call("GET", "/ready")).body.trim();
        return readinesses.find((word) => word === said) ?? "UNREACHABLE";
      } catch {
        return "UNREACHABLE";
      }
    },
    async stats(filter) {
      return parseStats(await must("GET", `/stats?type=All&filter=${encodeURIComponent(filter)}`));
    },
    async failHealthCheck() {
      await must("POST", "/healthcheck/fail");
    },
    async drainListeners(how) {
      await must("POST", how === "graceful" ? "/drain_listeners?graceful" : "/drain_listeners");
    },
    async configDump(query) {
      return JSON.parse(await must("GET", query === undefined ? "/config_dump" : `/config_dump?${query}`));
    },
  };
}

/** Reads /stats in Envoy's text format, `name: value` a line; a line whose value is no number (text readouts, histograms) is left out. */
export function parseStats(text: string): ReadonlyMap<string, number> {
  return new Map(
    text.split("\n").flatMap((line): readonly (readonly [string, number])[] => {
      const colon = line.lastIndexOf(": ");
      const value = line.slice(colon + 2);
      return colon > 0 && /^\d+$/.test(value) ? [[line.slice(0, colon), Number(value)]] : [];
    }),
  );
}

function exchange(socketPath: string, method: "GET" | "POST", path: string, timeoutMs: number): Promise<AdminResponse> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { socketPath, method, path, agent: false, headers: { host: "envoy" }, signal: AbortSignal.timeout(timeoutMs) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }),
        );
      },
    );
    outgoing.on("error", reject);
    outgoing.end();
  });
}
