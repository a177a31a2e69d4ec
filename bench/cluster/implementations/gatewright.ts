import { envoyVersion } from "../../../src/fleet/envoy-release.ts";
import { adminSocket } from "../../../src/infrastructure/proxy-container.ts";
import { controllerUser } from "../../../test/cluster/fixtures/audit-log.ts";
import { controllers } from "../../../test/cluster/fixtures/pods.ts";
import { installGatewright } from "../../../test/cluster/fixtures/start-shop.ts";
import { gateway } from "../../harness/objects.ts";
import { receivedBytes } from "../envoy-processes.ts";
import type { Implementation } from "../implementation.ts";
import { podPids } from "../pod-pids.ts";

const admin = { socket: adminSocket };

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
          admin,
          configurationBytes: async () => await receivedBytes(await proxyPids(), admin, "xds"),
        };
      },
    }),
};
