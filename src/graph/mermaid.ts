import { caption, edgeWords, explanation, shortened } from "./lines.ts";
import type { Reason, Topology, TopologyEdge, TopologyNode } from "./topology.ts";

/**
 * A flowchart for Markdown (https://mermaid.js.org/syntax/flowchart.html): what has parts is a subgraph, and what is broken
 * is dashed and red.
 */
export function topologyMermaid({ nodes, edges }: Topology): string {
  const names = new Map(nodes.map(({ id }, index) => [id, `n${index}`]));
  const nameOf = (id: string) => names.get(id) ?? "";
  const partsOf = (id: string) => nodes.filter(({ within }) => within === id);
  const lines = nodes
    .filter(({ within }) => within === undefined)
    .flatMap((node) => {
      const parts = partsOf(node.id);
      if (parts.length === 0) return [`  ${shape(node, nameOf(node.id))}`];
      return [
        `  subgraph ${nameOf(node.id)}["${nodeText(node)}"]`,
        ...parts.map((part) => `    ${shape(part, nameOf(part.id))}`),
        "  end",
      ];
    });
  const arrows = edges.map((edge) => `  ${nameOf(edge.from)} ${arrow(edge)} ${nameOf(edge.to)}`);
  const brokenEdges = edges.flatMap(({ reasons }, index) => (reasons.length > 0 ? [index] : []));
  const brokenNodes = nodes.filter(isBroken).map(({ id }) => nameOf(id));
  return [
    "flowchart LR",
    ...lines,
    ...arrows,
    ...(brokenNodes.length === 0
      ? []
      : [
          `  classDef broken stroke:${red},stroke-width:2px,stroke-dasharray:5 4`,
          `  class ${brokenNodes.join(",")} broken`,
        ]),
    ...(brokenEdges.length === 0
      ? []
      : [`  linkStyle ${brokenEdges.join(",")} stroke:${red},stroke-width:2px,color:${red}`]),
  ].join("\n");
}

const red = "#cf222e";

function isBroken({ reasons, missing }: TopologyNode): boolean {
  return reasons.length > 0 || missing === true;
}

function shape(node: TopologyNode, name: string): string {
  const text = nodeText(node);
  if (node.role === "backend") return `${name}(["${text}"])`;
  if (node.role === "policy" || node.role === "grant") return `${name}{{"${text}"}}`;
  return `${name}["${text}"]`;
}

function nodeText(node: TopologyNode): string {
  const head = [caption(node), node.name].filter((word) => word !== "").join(" ");
  const [first, ...more] = node.reasons;
  return joined([
    shortened(head),
    ...node.details.map(shortened),
    ...(first === undefined ? [] : explanation(first, more.length)),
  ]);
}

function arrow(edge: TopologyEdge): string {
  const [first, ...more]: readonly Reason[] = edge.reasons;
  const words = edgeWords(edge).map(shortened).join(" ");
  if (first !== undefined) return `-. "${joined([words, ...explanation(first, more.length)])}" .->`;
  const line = edge.role === "policy" || edge.role === "grant" ? "-.->" : "-->";
  return words === "" ? line : `${line}|"${joined([words])}"|`;
}

function joined(lines: readonly string[]): string {
  return lines
    .filter((line) => line !== "")
    .map(escaped)
    .join("<br/>");
}

/** Everything but what can mean nothing to Mermaid, or to HTML, as an entity in Mermaid's way of writing it. */
function escaped(text: string): string {
  return text.replace(/[^\p{L}\p{N} .,:/=?+()'✗…_-]/gu, (character) => `#${character.codePointAt(0)};`);
}
