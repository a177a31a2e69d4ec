import { edgeWords, printable } from "./lines.ts";
import type { Reason, Topology, TopologyEdge, TopologyNode } from "./topology.ts";

/** How the text is painted: on a terminal, what is broken is red. */
export interface Paint {
  readonly broken: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly strong: (text: string) => string;
}

export const plain: Paint = { broken: (text) => text, warning: (text) => text, strong: (text) => text };

/** A line, and what hangs below it. */
interface Branch {
  readonly line: string;
  readonly below: readonly Branch[];
}

/**
 * A tree from each Gateway along the traffic, then what traffic reaches by no way, then policies and grants. What hangs from
 * several places is written out where it comes first.
 */
export function topologyText(topology: Topology, paint: Paint = plain): string {
  const nodes = new Map(topology.nodes.map((node) => [node.id, node]));
  const parts = group(topology.nodes, ({ within }) => within);
  const leaving = group(topology.edges, ({ from }) => from);
  const reached = new Set(topology.edges.map(({ to }) => to));
  const written = new Set<string>();

  const branchOf = (node: TopologyNode, edge: TopologyEdge | undefined): Branch => {
    const again = written.has(node.id) && (parts.has(node.id) || leaving.has(node.id));
    written.add(node.id);
    const label = edge === undefined || edge.role === "route" ? [] : edgeWords(edge);
    // What a listener leaves of a route's hostnames.
    const served = edge?.role === "route" && edge.label !== undefined ? [`here ${edge.label}`] : [];
    const broken = (edge?.reasons.length ?? 0) > 0 || node.missing === true;
    const title = printable([...label, titleOf(node)].join(" "));
    const head = `${broken ? "✗ " : ""}${title}${again ? " (see above)" : ""}`;
    const painted = broken ? paint.broken(head) : node.within === undefined ? paint.strong(head) : head;
    const details = printable([...(again ? [] : node.details), ...served].join(node.role === "rule" ? "; " : ", "));
    const line = details === "" ? painted : `${painted}  ${details}`;
    const wrong = [...(edge?.reasons ?? []), ...node.reasons].map((reason) =>
      leaf(paint.broken(`✗ ${sentence(reason)}`)),
    );
    const warned = again ? [] : node.warnings.map((reason) => leaf(paint.warning(`! ${sentence(reason)}`)));
    const below = again
      ? []
      : [
          ...(parts.get(node.id) ?? []).map((part) => branchOf(part, undefined)),
          ...(leaving.get(node.id) ?? []).flatMap((next) => {
            const to = nodes.get(next.to);
            return to === undefined ? [] : [branchOf(to, next)];
          }),
        ];
    return { line, below: [...wrong, ...warned, ...below] };
  };

  const roots = topology.nodes.filter(
    ({ id, within, role }) => within === undefined && !reached.has(id) && role !== "certificate",
  );
  const [first, later] = [roots.filter(startsTraffic), roots.filter((node) => !startsTraffic(node))];
  const trees = [...first, ...later].map((node) => branchOf(node, undefined));
  return trees.map((tree) => render(tree).join("\n")).join("\n\n");
}

function startsTraffic({ role }: TopologyNode): boolean {
  return role === "gateway" || role === "other";
}

function leaf(line: string): Branch {
  return { line, below: [] };
}

function titleOf({ role, name, origin }: TopologyNode): string {
  if (role === "listener") return `listener ${name}`;
  if (role === "rule") return name;
  return `${origin.resource.kind} ${name}`;
}

function sentence({ reason, message }: Reason): string {
  return printable(`${reason}: ${message}`);
}

function render({ line, below }: Branch): readonly string[] {
  return [
    line,
    ...below.flatMap((branch, index) => {
      const last = index === below.length - 1;
      return render(branch).map((each, row) => `${row === 0 ? (last ? "└─ " : "├─ ") : last ? "   " : "│  "}${each}`);
    }),
  ];
}

function group<Value>(
  values: readonly Value[],
  by: (value: Value) => string | undefined,
): ReadonlyMap<string, readonly Value[]> {
  const groups = new Map<string, Value[]>();
  for (const value of values) {
    const key = by(value);
    if (key !== undefined) groups.set(key, [...(groups.get(key) ?? []), value]);
  }
  return groups;
}
