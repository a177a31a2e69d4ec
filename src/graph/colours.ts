import type { NodeRole } from "./topology.ts";

export interface RoleColours {
  readonly fill: string;
  readonly line: string;
}

const grey: RoleColours = { fill: "#f6f8fa", line: "#57606a" };

/** Of pictures on a light background. No two that mean different things are equal: by their value they become dark ones. */
export const colours = {
  background: "#ffffff",
  text: "#1f2328",
  dim: "#59636e",
  line: "#818b98",
  broken: "#cf222e",
  warning: "#9a6701",
  roles: {
    gateway: { fill: "#ddf4ff", line: "#0969da" },
    listenerSet: { fill: "#dff7f6", line: "#1b7c83" },
    listener: { fill: "#ddf4ff", line: "#0969da" },
    route: { fill: "#dafbe1", line: "#1a7f37" },
    rule: { fill: "#dafbe1", line: "#1a7f37" },
    backend: { fill: "#fbefff", line: "#8250df" },
    certificate: { fill: "#fff8c5", line: "#9a6700" },
    policy: { fill: "#fff1e5", line: "#bc4c00" },
    grant: grey,
    other: grey,
  } satisfies Readonly<Record<NodeRole, RoleColours>>,
} as const;

/** The same, on a dark background. */
export const darkColours: Readonly<Record<string, string>> = {
  "#ffffff": "#0d1117",
  "#1f2328": "#f0f6fc",
  "#59636e": "#9198a1",
  "#818b98": "#656c76",
  "#cf222e": "#ff7b72",
  "#9a6701": "#d29922",
  "#ddf4ff": "#0c2d57",
  "#0969da": "#58a6ff",
  "#dff7f6": "#0b3b3e",
  "#1b7c83": "#39c5cf",
  "#dafbe1": "#0f3a1d",
  "#1a7f37": "#3fb950",
  "#fbefff": "#33204f",
  "#8250df": "#bc8cff",
  "#fff8c5": "#3d2f05",
  "#9a6700": "#e3b341",
  "#fff1e5": "#4a2408",
  "#bc4c00": "#f0883e",
  "#f6f8fa": "#212830",
  "#57606a": "#9ea7b3",
};
