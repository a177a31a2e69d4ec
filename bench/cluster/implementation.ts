import type { TestCluster } from "../../test/cluster/cluster.ts";
import type { Image } from "../../test/cluster/images.ts";
import type { AdminInterface } from "./envoy-processes.ts";

/**
 * What a workload is run against: Gatewright, or a peer. Each gets a cluster of its own, one after the other in one run, so that
 * what they do is measured on the same machine with the same work.
 */
export interface Implementation {
  /** As it is written in tables: `Gatewright`. */
  readonly name: string;
  /** What `--implementations` takes, and the beginning of its cluster's name: `gatewright`. */
  readonly id: string;
  /** Programs that have to be built first; slow the first time. */
  readonly prepare: (progress: (message: string) => void) => Promise<Prepared>;
}

/** An implementation whose programs are built. */
export interface Prepared {
  /** The version that is measured, with that of its proxy. */
  readonly version: string;
  /** Images that the cluster must have from its start. */
  readonly images: readonly Image[];
  /** Users that its control plane is to the API server, whose log tells their requests. */
  readonly users: readonly string[];
  /** Puts it into a cluster that has the Gateway API, and waits until its GatewayClass is accepted. */
  readonly install: (cluster: TestCluster) => Promise<Installed>;
}

/** An implementation that runs. Its Gateways tell their addresses in status. */
export interface Installed {
  readonly gatewayClass: string;
  /** Process ids, on this machine, of its control plane, without what only waits beside it. */
  readonly controlPlane: () => Promise<readonly number[]>;
  /** Process ids, on this machine, of its proxies. */
  readonly proxies: () => Promise<readonly number[]>;
  /** Bytes of configuration that its proxies have received since they started, as they count them; undefined where they don't. */
  readonly configurationBytes: () => Promise<number | undefined>;
  /** Of the Envoy of each proxy. */
  readonly admin: AdminInterface;
}
