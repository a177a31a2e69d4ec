import { carriesTraffic, type Topology, type TopologyEdge, type TopologyNode } from "./topology.ts";

/**
 * The part of a topology that has to do with some nodes: where their traffic comes from and goes to, with the policies,
 * grants and certificates of all that.
 *
 * @example restrict(topology, (node) => node.id === "HTTPRoute/shop/cart")
 */
export function restrict({ nodes, edges }: Topology, chosen: (node: TopologyNode) => boolean): Topology {
  const within = nodes.flatMap(({ id, within: whole }) => (whole === undefined ? [] : [{ from: whole, to: id }]));
  const traffic = [...within, ...edges.filter(carriesTraffic)];
  const start = nodes.filter(chosen).map(({ id }) => id);
  // A policy that is chosen is looked at from what it holds for.
  const targets = edges.filter((edge) => !carriesTraffic(edge) && start.includes(edge.from)).map(({ to }) => to);
  const certified = edges
    .filter((edge) => edge.role === "certificate" && start.includes(edge.to))
    .map(({ from }) => from);
  const from = [...start, ...targets, ...certified];
  const kept = new Set([
    ...start,
    ...reach(from, traffic),
    ...reach(
      from,
      traffic.map((edge) => ({ from: edge.to, to: edge.from })),
    ),
  ]);
  const holders = edges
    .filter((edge) => (edge.role === "policy" || edge.role === "grant") && kept.has(edge.to))
    .map((edge) => edge.from);
  const all = new Set([...kept, ...holders]);
  const keptEdges = edges.filter((edge) => isKept(edge, kept, all));
  for (const { from: owner, to } of keptEdges) all.add(owner).add(to);
  return { nodes: nodes.filter(({ id }) => all.has(id)), edges: keptEdges };
}

function isKept({ role, from, to }: TopologyEdge, kept: ReadonlySet<string>, all: ReadonlySet<string>): boolean {
  return role === "certificate" ? all.has(from) : all.has(from) && kept.has(to);
}

function reach(
  start: readonly string[],
  edges: readonly { readonly from: string; readonly to: string }[],
): ReadonlySet<string> {
  const next = new Map<string, string[]>();
  for (const { from, to } of edges) next.set(from, [...(next.get(from) ?? []), to]);
  const reached = new Set(start);
  for (const id of reached) for (const to of next.get(id) ?? []) reached.add(to);
  return reached;
}
