import { EnvoyProcess, type EnvoyProcessOptions } from "../../fleet/envoy-process.ts";
import { silent } from "../../fleet/logger.ts";
import { resolveEnvoy } from "../../fleet/resolve-envoy.ts";
import { defaultOptions, type Options } from "../options.ts";
import type { EnvoyResource } from "../resource.ts";
import { validationBootstrap } from "../validation-bootstrap.ts";
import { type Parts, World } from "./world.ts";

/** What a meaning becomes. */
export function resourcesOf(parts: Parts, options?: Options): readonly EnvoyResource[] {
  const world = new World(options);
  world.set(parts);
  return [...world.resources.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, resource]) => resource);
}

/** A real Envoy that serves a meaning without a control plane. */
export interface TestProxy {
  /** The port that a listener has got. */
  port(listener: string): number;
  stats(filter: string): Promise<ReadonlyMap<string, number>>;
  /** Everything that it counts, as Prometheus reads it. */
  metrics(): Promise<string>;
  stop(): Promise<void>;
}

/**
 * @param edit makes another bootstrap of ours
 * @throws Error with Envoy's own words when it does not accept the configuration
 */
export async function startProxy(
  parts: Parts,
  options: Partial<Options> = {},
  process: Pick<EnvoyProcessOptions, "stdout" | "extraArguments"> = {},
  edit: (json: string) => string = (json) => json,
): Promise<TestProxy> {
  const { path } = await resolveEnvoy();
  const json = JSON.stringify(
    validationBootstrap(resourcesOf(parts, { ...defaultOptions, ...options }), { adminSocket: "/replaced" }),
  );
  const envoy = await EnvoyProcess.start({
    envoy: path,
    bootstrap: { json: edit(json) },
    logger: silent,
    concurrency: 1,
    drain: { drainMs: 0 },
    stdout: "ignore",
    ...process,
  });
  const state = await envoy.when(({ state: now }) => now !== "starting");
  if (state.state !== "live") {
    await envoy.kill();
    throw new Error(`Envoy did not start: ${JSON.stringify(state)}`);
  }
  const ports = parseListeners((await envoy.admin.get("/listeners")).body);
  return {
    port(listener) {
      const port = ports.get(listener);
      if (port === undefined) throw new Error(`there is no listener ${listener}`);
      return port;
    },
    stats: (filter) => envoy.admin.stats(filter),
    metrics: async () => (await envoy.admin.get("/stats/prometheus")).body,
    stop: () => envoy.kill(),
  };
}

/** Lines of `name::address:port`. */
function parseListeners(text: string): ReadonlyMap<string, number> {
  return new Map(
    text.split("\n").flatMap((line) => {
      const [name, address] = line.split("::", 2);
      const port = line.slice(line.lastIndexOf(":") + 1);
      return name === undefined || address === undefined ? [] : [[name, Number(port)] as const];
    }),
  );
}
