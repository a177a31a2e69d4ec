import { bootstrap } from "../envoy/bootstrap.ts";
import { xdsSecretFiles } from "../envoy/xds-cluster.ts";
import type { Fleet } from "./fleet.ts";
import type { Manifest } from "./manifest.ts";
import { adminSocket, healthPort, type ProxySettings, paths } from "./proxy-container.ts";
import type { ProxyParameters } from "./proxy-parameters.ts";

/** The proxies' bootstrap: the same for every pod, so that a pod is replaced only if it has to be. */
export function bootstrapConfigMap(
  { proxy, gateway, metadata }: Fleet,
  { xds }: ProxySettings,
  { envoy: { extraBootstrap: extra } }: ProxyParameters,
): Manifest {
  const configuration = bootstrap({
    proxy,
    xds: { ...xds, secretFiles: paths.configuration },
    adminSocket,
    healthPort,
    ...(gateway === undefined ? {} : { gateway }),
    ...(extra === undefined ? {} : { extra }),
  });
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata,
    data: { "bootstrap.json": JSON.stringify(configuration), ...xdsSecretFiles(paths.certificates, xds.serverName) },
  };
}
