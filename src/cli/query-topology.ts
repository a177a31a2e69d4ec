import type { Topology } from "../graph/topology.ts";
import type { Origin } from "./choose-origin.ts";
import { askInstance } from "./query-objects.ts";

/**
 * Who sends to whom: computed from files, without an Envoy; asked of a running Gatewright; or of what a cluster holds.
 *
 * @param namespace read alone in a cluster where all may not be read
 * @throws UsageError when there is nothing to ask
 */
export async function queryTopology(origin: Origin, namespace: string): Promise<Topology> {
  switch (origin.from) {
    case "instance":
      return await askInstance(origin.address, "/api/v1/graph", isTopology);
    case "cluster": {
      const { topologyOfCluster } = await import("./analyse-cluster.ts");
      return await topologyOfCluster(origin.access, namespace);
    }
    case "files": {
      const { topologyOfFiles } = await import("./read-files.ts");
      return await topologyOfFiles(origin.files);
    }
  }
}

function isTopology(value: unknown): value is Topology {
  return typeof value === "object" && value !== null && "nodes" in value && "edges" in value;
}
