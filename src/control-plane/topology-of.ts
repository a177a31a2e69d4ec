import { buildTopology } from "../graph/build-topology.ts";
import type { Topology } from "../graph/topology.ts";
import { allFindings } from "./all-findings.ts";
import type { ControlPlane } from "./control-plane.ts";

/** What a control plane serves, as a graph. Costs what there is, not what changed. */
export function topologyOf(controlPlane: ControlPlane, findings = allFindings(controlPlane)): Topology {
  const { resources, semantics, status } = controlPlane;
  return buildTopology({
    resources,
    semantics,
    findings,
    statusOf: (kind, key) => status.get(`${kind}/${key}`)?.status,
    incomplete: new Set(),
  });
}
