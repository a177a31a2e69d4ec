import type { Origin } from "../resources/origin.ts";

/** What a node stands for. Listeners and rules are parts of the node that they are `within`. */
export const nodeRoles = [
  "gateway",
  "listenerSet",
  "listener",
  "route",
  "rule",
  "backend",
  "certificate",
  "policy",
  "grant",
  "other",
] as const;

export type NodeRole = (typeof nodeRoles)[number];

/** Why something does not work: the API's reason, or a finding's code, and a sentence. */
export interface Reason {
  readonly reason: string;
  readonly message: string;
}

/** An object, or a part of one. */
export interface TopologyNode {
  readonly id: string;
  readonly role: NodeRole;
  /** The object, and the part of it. */
  readonly origin: Origin;
  /** The node that it is a part of: a listener's Gateway or ListenerSet, a rule's route. */
  readonly within?: string;
  /** @example "shop/cart", "https", "rule 0" */
  readonly name: string;
  /** Words on what it is, each short enough for a line. */
  readonly details: readonly string[];
  /** Whether it is only referred to, and not there. */
  readonly missing?: true;
  /** What does not work. */
  readonly reasons: readonly Reason[];
  /** What the analyser has to say besides. */
  readonly warnings: readonly Reason[];
}

/** What an edge is about. */
export type EdgeRole = "listenerSet" | "route" | "backend" | "mirror" | "auth" | "certificate" | "policy" | "grant";

/** A reference that an object makes, from where traffic comes to where it goes. Broken if there are reasons. */
export interface TopologyEdge {
  readonly role: EdgeRole;
  readonly from: string;
  readonly to: string;
  /** Its share, or the hostnames. */
  readonly label?: string;
  /** Where the reference is written. */
  readonly origin: Origin;
  readonly reasons: readonly Reason[];
}

/** Who sends to whom, in the order of roles and names: equal worlds have equal topologies. */
export interface Topology {
  readonly nodes: readonly TopologyNode[];
  readonly edges: readonly TopologyEdge[];
}

/** Whether requests, connections or datagrams go along an edge; along others go permissions and parameters. */
export function carriesTraffic({ role }: TopologyEdge): boolean {
  return role !== "certificate" && role !== "policy" && role !== "grant";
}
