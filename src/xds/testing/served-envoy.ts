import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootstrap } from "../../envoy/bootstrap.ts";
import type { World } from "../../envoy/testing/world.ts";
import { EnvoyProcess } from "../../fleet/envoy-process.ts";
import { silent } from "../../fleet/logger.ts";
import { resolveEnvoy } from "../../fleet/resolve-envoy.ts";
import type { DeliveryOptions } from "../delivery.ts";
import { XdsServer } from "../server.ts";

/** A real Envoy that gets its configuration from a real server, over a Unix socket. */
export interface ServedEnvoy {
  readonly server: XdsServer;
  readonly envoy: EnvoyProcess;
  /** The port that a listener has got. */
  port(listener: string): Promise<number>;
  /** A new server in place of the present one, on the same socket and resources. */
  restartServer(options?: Omit<DeliveryOptions, "resources">): Promise<XdsServer>;
  stop(): Promise<void>;
}

export async function serve(
  world: World,
  options: Omit<DeliveryOptions, "resources"> = {},
  envoyArguments: readonly string[] = [],
): Promise<ServedEnvoy> {
  const directory = await mkdtemp(join(tmpdir(), "xds-"));
  const path = join(directory, "xds.sock");
  const start = async (more: Omit<DeliveryOptions, "resources">): Promise<XdsServer> => {
    const server = new XdsServer({ knows: () => true, ...more, resources: world.resources });
    await server.listen({ path });
    return server;
  };
  let server = await start(options);
  const json = JSON.stringify(
    bootstrap({ proxy: "test", node: "test-1", xds: { path }, adminSocket: join(directory, "replaced") }),
  );
  const { path: binary } = await resolveEnvoy();
  const envoy = await EnvoyProcess.start({
    envoy: binary,
    bootstrap: { json },
    logger: silent,
    concurrency: 1,
    stdout: "ignore",
    drain: { drainMs: 0 },
    extraArguments: envoyArguments,
  });
  const state = await envoy.when(({ state: now }) => now !== "starting");
  if (state.state !== "live") throw new Error(`Envoy did not start: ${JSON.stringify(state)}`);
  return {
    get server() {
      return server;
    },
    envoy,
    port: async (listener) => {
      const { body } = await envoy.admin.get("/listeners");
      const line = body.split("\n").find((one) => one.startsWith(`${listener}::`));
      if (line === undefined) throw new Error(`there is no listener ${listener}`);
      return Number(line.slice(line.lastIndexOf(":") + 1));
    },
    restartServer: async (more = options) => {
      server.close();
      server = await start(more);
      return server;
    },
    stop: async () => {
      await envoy.kill();
      server.close();
      await rm(directory, { recursive: true });
    },
  };
}
