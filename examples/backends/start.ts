import type { Backend, RunningBackend } from "./backend.ts";
import { startGrpcEcho } from "./grpc-echo.ts";
import { type Echo, type ServerCertificate, startHttpEcho } from "./http-echo.ts";

export interface BackendOptions {
  /** Called for each request that an HTTP or HTTPS backend gets. */
  readonly onRequest?: (echo: Echo) => void;
  /** What HTTPS backends present. */
  readonly certificate?: ServerCertificate;
}

/**
 * Starts demo backends in this process.
 *
 * @throws if one can't listen; those that already did are closed.
 */
export async function startBackends(
  backends: readonly Backend[],
  options: BackendOptions = {},
): Promise<readonly RunningBackend[]> {
  const started = await Promise.allSettled(
    backends.map((backend) => (backend.protocol === "grpc" ? startGrpcEcho(backend) : startHttpEcho(backend, options))),
  );
  const running = started.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failure = started.find((result) => result.status === "rejected");
  if (failure !== undefined) {
    await closeBackends(running);
    throw failure.reason;
  }
  return running;
}

export async function closeBackends(running: readonly RunningBackend[]): Promise<void> {
  await Promise.all(running.map((backend) => backend.close()));
}
