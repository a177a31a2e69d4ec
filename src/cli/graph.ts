import { restrict } from "../graph/restrict.ts";
import { plain } from "../graph/text.ts";
import type { Topology, TopologyNode } from "../graph/topology.ts";
import type { Kind } from "../resources/kinds.ts";
import { chooseOrigin, type OriginOptions } from "./choose-origin.ts";
import { kindOf, notFound } from "./get.ts";
import type { GraphOutput } from "./outputs.ts";
import { paintFor } from "./print-findings.ts";
import { queryTopology } from "./query-topology.ts";
import { UsageError } from "./usage-error.ts";

export interface GraphOptions extends OriginOptions {
  readonly namespace?: string;
  readonly output: GraphOutput;
}

/**
 * Draws who sends to whom, and what is broken.
 *
 * @param word `httproute`, `httproute/shop`; nothing for everything
 * @returns the exit code: 0 drawn, 1 a name was given and is not there
 * @throws UsageError
 */
export async function graph(
  word: string | undefined,
  named: string | undefined,
  options: GraphOptions,
): Promise<0 | 1> {
  const [kindWord, name = named] = word?.split("/", 2) ?? [];
  const kind = kindWord === undefined ? undefined : kindOf(kindWord);
  const origin = await chooseOrigin(options);
  const own = options.namespace ?? origin.namespace;
  const whole = await queryTopology(origin, own);
  const namespace = name === undefined ? options.namespace : own;
  const chosen =
    kind === undefined && namespace === undefined
      ? whole
      : restrict(whole, (node) => isChosen(node, kind, namespace, name));
  if (name !== undefined && chosen.nodes.length === 0) {
    console.error(notFound(kind, name, own));
    return 1;
  }
  if (chosen.nodes.length === 0) console.error("Nothing found to draw.");
  else console.log(await draw(chosen, options.output));
  return 0;
}

function isChosen(
  { origin: { resource } }: TopologyNode,
  kind: Kind | undefined,
  namespace: string | undefined,
  name: string | undefined,
): boolean {
  if (kind !== undefined && (resource.kind !== kind.kind || resource.group !== kind.group)) return false;
  if (name !== undefined && resource.name !== name) return false;
  return namespace === undefined || resource.namespace === undefined || resource.namespace === namespace;
}

async function draw(topology: Topology, output: GraphOutput): Promise<string> {
  switch (output) {
    case "text": {
      const { topologyText } = await import("../graph/text.ts");
      return topologyText(topology, paintFor(process.stdout) ?? plain);
    }
    case "json":
      return JSON.stringify(topology, undefined, 2);
    case "mermaid": {
      const { topologyMermaid } = await import("../graph/mermaid.ts");
      return topologyMermaid(topology);
    }
    case "dot": {
      const { topologyDot } = await import("../graph/dot.ts");
      return topologyDot(topology);
    }
    case "svg": {
      const { mostNodes, topologySvg } = await import("../graph/svg.ts");
      if (topology.nodes.length > mostNodes) {
        throw new UsageError(
          `${topology.nodes.length} nodes are too many for a picture (${mostNodes} at most). Name a namespace, a Gateway or a route.`,
        );
      }
      return await topologySvg(topology);
    }
  }
}
