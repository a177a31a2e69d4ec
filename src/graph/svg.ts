import { darkColours } from "./colours.ts";
import { font, topologyDot } from "./dot.ts";
import type { Topology } from "./topology.ts";

/** Graphviz needs seconds for more, and nobody can read it. */
export const mostNodes = 1500;

/** The picture that Graphviz makes of {@link topologyDot}; it follows the light or dark scheme of whoever looks at it. */
export async function topologySvg(topology: Topology): Promise<string> {
  const { instance } = await import("@viz-js/viz");
  const svg = (await instance()).renderString(topologyDot(topology), { format: "svg" });
  return (
    svg
      .slice(svg.indexOf("<svg"))
      .replace(
        /^<svg[^>]*>/,
        (opening) =>
          `${opening.slice(0, -1)} role="img">\n<title>Gateways, routes and backends</title>\n<style>\n${style}\n</style>`,
      )
      .replaceAll(` font-family="${font}"`, "")
      // Names of ours, which would show when one points at something.
      .replaceAll(/<title>(n\d|gatewright).*<\/title>\n/g, "")
      .replaceAll(/^<!--.*-->\n/gm, "")
      .trimEnd()
  );
}

const style = [
  "text { font-family: system-ui, Helvetica, Arial, sans-serif }",
  "@media (prefers-color-scheme: dark) {",
  ...Object.entries(darkColours).map(
    ([light, dark]) => `  [fill="${light}"]{fill:${dark}} [stroke="${light}"]{stroke:${dark}}`,
  ),
  "}",
].join("\n");
