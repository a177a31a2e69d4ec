import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { envoyVersion } from "../../../src/fleet/envoy-release.ts";
import { adminSocket } from "../../../src/infrastructure/proxy-container.ts";
import { controllerUser } from "../../../test/cluster/fixtures/audit-log.ts";
import { controllers } from "../../../test/cluster/fixtures/pods.ts";
import { installGatewright } from "../../../test/cluster/fixtures/start-shop.ts";
import { gateway } from "../../harness/objects.ts";
import type { Implementation } from "../implementation.ts";
import { podPids } from "../pod-pids.ts";

/** Selects the proxies of the Gateway that benchmarks serve. */
const proxies = `gateway.networking.k8s.io/gateway-name=${gateway.name}`;

/** The checkout, as `manifests/gatewright.yaml` installs it. */
export const gatewright: Implementation = {
  name: "Gatewright",
  id: "gatewright",
  prepare: () =>
    Promise.resolve({
      version: `Gatewright, this checkout, with Envoy ${envoyVersion}`,
      images: [],
      users: [controllerUser],
      install: async (cluster) => {
        await installGatewright(cluster);
        const proxyPids = () => podPids(cluster, gateway.namespace, proxies);
        return {
          gatewayClass: "gatewright",
          controlPlane: () => podPids(cluster, "gatewright-system", controllers),
          proxies: proxyPids,
          configurationBytes: async () => {
            const received = await Promise.all((await proxyPids()).map(receivedBytes));
            return received.reduce((sum, bytes) => sum + bytes, 0);
          },
        };
      },
    }),
};

/** What an Envoy has received from its xDS server, by its own count. */
async function receivedBytes(pid: number): Promise<number> {
  // The file system of its container, seen from here.
  const socketPath = `/proc/${pid}/root${adminSocket}`;
  const path = "/stats?filter=^cluster.xds.upstream_cx_rx_bytes_total$";
  const [response]: IncomingMessage[] = await once(get({ socketPath, path }), "response");
  if (response === undefined) throw new Error(`Envoy ${pid} doesn't say what it has received`);
  return Number(/: (\d+)/.exec(await text(response))?.[1]);
}
