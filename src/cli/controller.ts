import { hostname } from "node:os";
import { AdminAddressError } from "../admin/address.ts";
import { createLogger } from "../admin/log.ts";
import type { LogFormat, LogLevel } from "../admin/log-options.ts";
import { clusterMetrics } from "../admin/metrics/cluster-metrics.ts";
import { createMetrics } from "../admin/metrics/metrics.ts";
import { type AdminOptions, serveAdmin } from "../admin/server.ts";
import { Cluster } from "../cluster/cluster.ts";
import { AccessError } from "../kubernetes/access.ts";
import { ApiError } from "../kubernetes/api-error.ts";
import { KubernetesClient } from "../kubernetes/client.ts";
import { findCluster } from "../kubernetes/kubeconfig.ts";
import { stopRequests } from "./stop-requests.ts";
import { version } from "./version.ts";

export interface ControllerOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  /** Where it runs itself: of the Lease and the certificate authority. */
  readonly namespace?: string;
  /** Only these namespaces are served. */
  readonly watchNamespace: readonly string[];
  /** Where the xDS server listens. */
  readonly xdsAddress: { readonly host: string; readonly port: number };
  /** Where proxies find it: `HOST` or `HOST:PORT`. */
  readonly xdsService?: string;
  readonly proxyImage: string;
  readonly proxyPullPolicy?: string;
  readonly adminAddress: string;
  /** Where health and metrics are for others: kubelet and Prometheus. */
  readonly healthAddress: string;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
}

/**
 * Serves the Gateways of a cluster until it is told to stop.
 *
 * @returns the exit code: 0 stopped, 2 it could not start
 */
export async function controller(options: ControllerOptions): Promise<number> {
  const logger = createLogger(options.logLevel, options.logFormat);
  const requests = stopRequests();
  try {
    const access = findCluster({
      ...(options.kubeconfig === undefined ? {} : { kubeconfig: options.kubeconfig }),
      ...(options.context === undefined ? {} : { context: options.context }),
    });
    let started: Cluster | undefined;
    const metrics = createMetrics(version());
    const { requested, received, statusWritten } = clusterMetrics(metrics.instruments, () => started);
    const client = new KubernetesClient(access, { requested, received });
    const namespace = options.namespace ?? access.namespace;
    const podUid = process.env["POD_UID"];
    const [host = "", port = String(options.xdsAddress.port)] = (
      options.xdsService ?? `gatewright.${namespace}.svc`
    ).split(":");
    const cluster = await Cluster.create({
      client,
      logger,
      namespace,
      identity: hostname(),
      ...(podUid === undefined ? {} : { podUid }),
      ...(options.watchNamespace.length === 0 ? {} : { namespaces: options.watchNamespace }),
      proxy: {
        image: options.proxyImage,
        ...(options.proxyPullPolicy === undefined ? {} : { imagePullPolicy: options.proxyPullPolicy }),
        xds: { host, port: Number(port), serverName: `gatewright.${namespace}.svc` },
      },
      xds: options.xdsAddress,
      observer: metrics.observer,
      applied: metrics.applied,
      statusWritten,
    });
    started = cluster;
    metrics.follow({ controlPlane: cluster.controlPlane, proxies: cluster.xds.delivery });
    const sources: AdminOptions = {
      controlPlane: cluster.controlPlane,
      metrics,
      times: { get: (key) => cluster.statusOf(key) },
      findings: async () => {
        const { allFindings } = await import("../control-plane/all-findings.ts");
        const { checkNamedSecrets } = await import("../analyse/named-secrets.ts");
        return [...allFindings(cluster.controlPlane), ...checkNamedSecrets(cluster.controlPlane)];
      },
      notReady: () => cluster.notReady,
    };
    const servers = [
      await serveAdmin(options.adminAddress, sources),
      await serveAdmin(options.healthAddress, { ...sources, onlyHealth: true }),
    ];
    await Promise.race([cluster.start(), requests.first]);
    await requests.first;
    logger.info({}, "stopping");
    await Promise.race([cluster.stop(), requests.second]);
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
    client.close();
    return 0;
  } catch (error) {
    const known = [AdminAddressError, AccessError, ApiError].some((type) => error instanceof type);
    if (!known || !(error instanceof Error)) throw error;
    console.error(`gatewright: ${error.message}`);
    return 2;
  }
}
