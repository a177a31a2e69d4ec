import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { ControlPlane } from "../control-plane/control-plane.ts";
import type { Finding } from "../resources/finding.ts";
import { isOwnHost, listenError, parseAdminAddress } from "./address.ts";
import type { Metrics } from "./metrics/metrics.ts";
import { objectsWithStatus, type StatusTimes, withoutSecrets } from "./objects.ts";

export interface AdminOptions {
  readonly controlPlane: ControlPlane;
  readonly metrics: Pick<Metrics, "registry" | "render">;
  /** What is missing before traffic is served, in words; empty when ready. */
  readonly notReady: () => readonly string[];
  readonly findings: () => Promise<readonly Finding[]>;
  /** Envoy's metrics in Prometheus' format. Rejects when no Envoy answers. Absent where Envoys are pods of their own. */
  readonly envoyMetrics?: () => Promise<string>;
  readonly times?: StatusTimes;
  /** Only health and our own metrics: for an address that others reach, who are not to read what everybody wrote. */
  readonly onlyHealth?: boolean;
}

const ofHealth: readonly string[] = ["/healthz", "/readyz", "/metrics"];

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

type Endpoint = (query: URLSearchParams, options: AdminOptions) => Answer | Promise<Answer>;

// What explains, analyses and draws is loaded when somebody asks: most who run it never do, and it takes some 3 MB.
const endpoints: Readonly<Record<string, Endpoint>> = {
  "/healthz": () => text(200, "ok"),
  "/readyz": (_query, { notReady }) => {
    const missing = notReady();
    return missing.length === 0 ? text(200, "ok") : text(503, missing.join("\n"));
  },
  "/metrics": async (_query, { metrics }) => ({
    status: 200,
    type: metrics.registry.contentType,
    body: await metrics.render(),
  }),
  "/metrics/envoy": async (_query, { envoyMetrics }) => {
    if (envoyMetrics === undefined) return text(404, "each proxy serves its own, at /stats/prometheus of port 19003");
    try {
      return { status: 200, type: "text/plain; version=0.0.4; charset=utf-8", body: await envoyMetrics() };
    } catch (error) {
      return text(503, `Envoy does not answer: ${error instanceof Error ? error.message : String(error)}`);
    }
  },
  "/api/v1/resources": (query, { controlPlane, times }) =>
    json(objectsWithStatus(controlPlane, query.get("kind") ?? undefined, times).map(withoutSecrets)),
  "/api/v1/graph": async (_query, { controlPlane, findings }) => {
    const { topologyOf } = await import("../control-plane/topology-of.ts");
    return json(topologyOf(controlPlane, await findings()));
  },
  "/api/v1/findings": async (_query, { findings }) => json(await findings()),
  "/api/v1/explain": async (query, { controlPlane }) => {
    const { explainWith } = await import("../control-plane/explain-with.ts");
    const { RequestError } = await import("../explain/parse-request.ts");
    const [method, url = "", grpc, serverName, clientAddress] = [
      "method",
      "url",
      "grpc",
      "serverName",
      "clientAddress",
    ].map((name) => query.get(name) ?? undefined);
    try {
      return json(
        explainWith(controlPlane, {
          url,
          headers: query.getAll("header"),
          ...(method !== undefined && { method }),
          ...(grpc !== undefined && { grpc }),
          ...(serverName !== undefined && { serverName }),
          ...(clientAddress !== undefined && { clientAddress }),
        }),
      );
    } catch (error) {
      if (error instanceof RequestError) return text(400, error.message);
      throw error;
    }
  },
};

/**
 * Health, metrics and the JSON API of a running Gatewright, for this machine only unless asked otherwise. Nothing can be
 * changed through it, and no private key comes out of it.
 *
 * @param address `HOST:PORT`, `[HOST]:PORT`
 * @throws AdminAddressError
 */
export async function serveAdmin(address: string, options: AdminOptions): Promise<Server> {
  const { host, port } = parseAdminAddress(address);
  const server = createServer((request, response) => void answer(request, response, host, options));
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    throw listenError(address, error);
  }
  return server;
}

async function answer(request: IncomingMessage, response: ServerResponse, own: string, options: AdminOptions) {
  const { status, type, body } = await answerOf(request, own, options).catch((error: unknown) =>
    text(500, error instanceof Error ? error.message : String(error)),
  );
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(request.method === "HEAD" ? undefined : body);
}

async function answerOf(request: IncomingMessage, own: string, options: AdminOptions): Promise<Answer> {
  // What is for everybody may be read by any name: that of a Service, or of the API server, which passes it on to pods.
  if (options.onlyHealth !== true && !isOwnHost(request.headers.host, own)) {
    return text(403, "Name this server by its IP address: a name could be somebody else's idea.");
  }
  if (request.method !== "GET" && request.method !== "HEAD") return text(405, "Only GET is allowed here.");
  const [path = "", query = ""] = (request.url ?? "").split("?", 2);
  const known = options.onlyHealth === true ? ofHealth : Object.keys(endpoints);
  const endpoint = known.includes(path) ? endpoints[path] : undefined;
  if (endpoint === undefined) return text(404, `There is\n${known.join("\n")}`);
  return await endpoint(new URLSearchParams(query), options);
}

function text(status: number, body: string): Answer {
  return { status, type: "text/plain; charset=utf-8", body: `${body}\n` };
}

function json(body: unknown): Answer {
  return { status: 200, type: "application/json", body: JSON.stringify(body) };
}
