import { bootstrap } from "../envoy/bootstrap.ts";
import { xdsSecretFiles } from "../envoy/xds-cluster.ts";
import type { Gateway } from "../resources/generated/gateway-api.ts";
import { keyOf } from "../resources/object.ts";
import { type Manifest, metadataOf } from "./manifest.ts";
import { adminSocket, healthPort, type ProxySettings, paths } from "./proxy-container.ts";

/** The proxies' bootstrap: the same for every pod, so that a pod is replaced only if it has to be. */
export function bootstrapConfigMap(gateway: Gateway, proxy: string, { xds }: ProxySettings): Manifest {
  const configuration = bootstrap({
    proxy,
    xds: { ...xds, secretFiles: paths.configuration },
    adminSocket,
    healthPort,
    gateway: keyOf(gateway),
  });
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: metadataOf(gateway),
    data: { "bootstrap.json": JSON.stringify(configuration), ...xdsSecretFiles(paths.certificates, xds.serverName) },
  };
}
