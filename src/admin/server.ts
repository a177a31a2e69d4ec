import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { ControlPlane } from "../control-plane/control-plane.ts";
import type { Finding } from "../resources/finding.ts";
import type { Metrics } from "./metrics.ts";
import { objectsWithStatus } from "./objects.ts";

export const defaultAdminAddress = "127.0.0.1:9911";

export interface AdminOptions {
  readonly controlPlane: ControlPlane;
  readonly metrics: Metrics;
  /** What is missing before traffic is served, in words; empty when ready. */
  readonly notReady: () => readonly string[];
  readonly findings: () => readonly Finding[];
  /** Envoy's metrics in Prometheus' format. */
  readonly envoyMetrics: () => Promise<string>;
}

/** An address that can't be listened on, with what to do about it. */
export class AdminAddressError extends Error {}

/**
 * Health, metrics and the JSON API of a running Gatewright, for this machine only unless asked otherwise.
 *
 * @param address `HOST:PORT`, `[HOST]:PORT`
 * @throws AdminAddressError
 */
export async function serveAdmin(address: string, options: AdminOptions): Promise<Server> {
  const match = /^(?:\[(?<ipv6>.+)\]|(?<host>[^:]+)):(?<port>\d+)$/.exec(address);
  const host = match?.groups?.["ipv6"] ?? match?.groups?.["host"];
  if (host === undefined) throw new AdminAddressError(`--admin-address ${address} is not HOST:PORT.`);
  const server = createServer((request, response) => {
    void answer(new URL(request.url ?? "/", "http://admin"), request.method ?? "GET", response, options);
  });
  server.listen(Number(match?.groups?.["port"]), host);
  try {
    await once(server, "listening");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AdminAddressError(
      `The admin address ${address} can't be used (${reason}). Is another Gatewright running? Choose one with --admin-address HOST:PORT.`,
    );
  }
  return server;
}

async function answer(url: URL, method: string, response: ServerResponse, options: AdminOptions): Promise<void> {
  const { controlPlane, metrics, notReady, findings, envoyMetrics } = options;
  if (method !== "GET" && method !== "HEAD") return text(response, 405, "Only GET is allowed here.\n");
  switch (url.pathname) {
    case "/healthz":
      return text(response, 200, "ok\n");
    case "/readyz": {
      const missing = notReady();
      return missing.length === 0 ? text(response, 200, "ok\n") : text(response, 503, `${missing.join("\n")}\n`);
    }
    case "/metrics":
      response.setHeader("content-type", metrics.registry.contentType);
      return text(response, 200, await metrics.render());
    case "/metrics/envoy":
      try {
        return text(response, 200, await envoyMetrics());
      } catch (error) {
        return text(
          response,
          503,
          `Envoy does not answer: ${error instanceof Error ? error.message : String(error)}\n`,
        );
      }
    case "/api/v1/resources":
      return json(response, objectsWithStatus(controlPlane, url.searchParams.get("kind") ?? undefined));
    case "/api/v1/findings":
      return json(response, findings());
    default:
      return text(
        response,
        404,
        "There is /healthz, /readyz, /metrics, /metrics/envoy, /api/v1/resources[?kind=KIND] and /api/v1/findings.\n",
      );
  }
}

function text(response: ServerResponse, status: number, body: string): void {
  response.statusCode = status;
  if (!response.hasHeader("content-type")) response.setHeader("content-type", "text/plain; charset=utf-8");
  response.end(body);
}

function json(response: ServerResponse, body: unknown): void {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(body));
}
