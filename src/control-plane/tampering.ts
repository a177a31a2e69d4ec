import type { Collection } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import type { Meaning } from "../envoy/translate.ts";

/**
 * For tests: changes nodes of the meaning before they are translated, so that Envoy is given what nobody may write. What is
 * otherwise caught before it is sent can so be refused at any place.
 *
 * @example { hostTables: (table) => ({ ...table, rules: table.rules.map(poison) }) }
 */
export type Tampering = {
  readonly [Kind in keyof Meaning]?: (node: NodeOf<Meaning[Kind]>) => NodeOf<Meaning[Kind]>;
};

type NodeOf<Nodes> = Nodes extends Collection<infer Node> ? Node : never;

export function tamperWith(graph: Graph, meaning: Meaning, tampering: Tampering): Meaning {
  const each = <Node>(name: string, nodes: Collection<Node>, change: ((node: Node) => Node) | undefined) =>
    change === undefined ? nodes : graph.derive(`tampered/${name}`, nodes, change);
  return {
    listeners: each("listeners", meaning.listeners, tampering.listeners),
    hostTables: each("hostTables", meaning.hostTables, tampering.hostTables),
    clusters: each("clusters", meaning.clusters, tampering.clusters),
    endpoints: each("endpoints", meaning.endpoints, tampering.endpoints),
    certificates: each("certificates", meaning.certificates, tampering.certificates),
    trustBundles: each("trustBundles", meaning.trustBundles, tampering.trustBundles),
  };
}
