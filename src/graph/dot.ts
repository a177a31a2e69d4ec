import { colours, type RoleColours } from "./colours.ts";
import { caption, edgeWords, explanation, printable, shortened } from "./lines.ts";
import type { Topology, TopologyEdge, TopologyNode } from "./topology.ts";

/**
 * A drawing for Graphviz (https://graphviz.org/doc/info/lang.html), from left to right: what has parts is a table of them,
 * and what is broken is dashed and red, with its reason.
 */
export function topologyDot({ nodes, edges }: Topology): string {
  const names = new Map(nodes.map(({ id }, index) => [id, `n${index}`]));
  const wholes = new Map(nodes.map(({ id, within }) => [id, within ?? id]));
  /** A part is a port of the table of what it is within. */
  const end = (id: string, side: "e" | "w") => {
    const whole = wholes.get(id) ?? id;
    return `${names.get(whole)}:${whole === id ? "head" : names.get(id)}:${side}`;
  };
  const boxes = nodes
    .filter(({ within }) => within === undefined)
    .map((node) => {
      const parts = nodes.filter(({ within }) => within === node.id).map((part) => row(part, names.get(part.id) ?? ""));
      return `  ${names.get(node.id)} [label=<${table(node, parts)}>];`;
    });
  const lines = edges.map((edge) => {
    // What is no traffic stands behind what it is about.
    const aside = edge.role === "policy" || edge.role === "grant";
    const [tail, head] = aside ? [end(edge.to, "e"), end(edge.from, "w")] : [end(edge.from, "e"), end(edge.to, "w")];
    return `  ${tail} -> ${head} [${edgeAttributes(edge, aside)}];`;
  });
  return [
    "digraph gatewright {",
    `  graph [rankdir=LR, bgcolor="${colours.background}", pad=0.3, nodesep=0.25, ranksep=0.8, fontname="${font}"];`,
    `  node [shape=plain, fontname="${font}", fontsize=12, fontcolor="${colours.text}"];`,
    `  edge [fontname="${font}", fontsize=10, color="${colours.line}", fontcolor="${colours.dim}", arrowsize=0.7, penwidth=1.2];`,
    ...boxes,
    ...lines,
    "}",
  ].join("\n");
}

/** The widest of those whose widths Graphviz knows: whatever is shown instead finds room. */
export const font = "Verdana";

function table(node: TopologyNode, rows: readonly string[]): string {
  const { fill, line } = coloursOf(node);
  const broken = node.missing === true || node.reasons.length > 0;
  const style = node.missing === true ? "ROUNDED,DASHED" : "ROUNDED";
  const title = `<FONT POINT-SIZE="9" COLOR="${broken ? colours.broken : line}">${escaped(caption(node))}</FONT><BR ALIGN="LEFT"/><B>${escaped(shortened(node.name))}</B><BR ALIGN="LEFT"/>`;
  const head = `<TR><TD PORT="head" ALIGN="LEFT" BALIGN="LEFT">${title}${small(node)}</TD></TR>`;
  return `<TABLE BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="6" STYLE="${style}" COLOR="${broken ? colours.broken : line}" BGCOLOR="${fill}">${head}${rows.join("")}</TABLE>`;
}

function row(part: TopologyNode, port: string): string {
  const colour = part.reasons.length > 0 ? colours.broken : colours.text;
  const name = `<FONT POINT-SIZE="11" COLOR="${colour}">${escaped(shortened(part.name))}</FONT><BR ALIGN="LEFT"/>`;
  return `<HR/><TR><TD PORT="${port}" ALIGN="LEFT" BALIGN="LEFT">${name}${small(part)}</TD></TR>`;
}

/** Details, and what is wrong. */
function small({ details, reasons, missing, warnings }: TopologyNode): string {
  const [first, ...more] = reasons;
  const wrong = first === undefined ? (missing === true ? ["✗ not there"] : []) : explanation(first, more.length);
  return [
    ...details.map((detail) => fontLine(shortened(detail), colours.dim)),
    ...wrong.map((line) => fontLine(line, colours.broken)),
    ...warnings.map(({ reason }) => fontLine(`! ${printable(reason)}`, colours.warning)),
  ].join("");
}

function fontLine(text: string, colour: string): string {
  return `<FONT POINT-SIZE="10" COLOR="${colour}">${escaped(text)}</FONT><BR ALIGN="LEFT"/>`;
}

function edgeAttributes(edge: TopologyEdge, aside: boolean): string {
  const [first, ...more] = edge.reasons;
  const words = edgeWords(edge).map(shortened).join(" ");
  const direction = aside ? ["dir=back"] : [];
  if (first === undefined) {
    const colour =
      edge.role === "route" || edge.role === "backend" || edge.role === "listenerSet"
        ? []
        : [`style=${aside ? "dotted" : "solid"}`];
    return [...direction, ...colour, ...(words === "" ? [] : [`label=<${fontLine(words, colours.dim)}>`])].join(", ");
  }
  const lines = [...(words === "" ? [] : [words]), ...explanation(first, more.length)].map((line) =>
    fontLine(line, colours.broken),
  );
  return [...direction, "style=dashed", `color="${colours.broken}"`, "penwidth=1.8", `label=<${lines.join("")}>`].join(
    ", ",
  );
}

function coloursOf({ role, missing }: TopologyNode): RoleColours {
  return missing === true ? colours.roles.other : colours.roles[role];
}

/** Of the five characters that mean something to XML none is left; a label in DOT ends with its last ">". */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
