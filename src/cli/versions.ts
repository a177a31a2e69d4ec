import { envoyVersion } from "../fleet/envoy-release.ts";

/** What runs, for a bug report. */
export function versions(own: string): string {
  return [
    `gatewright   ${own}`,
    `envoy        ${envoyVersion} (or later, from GATEWRIGHT_ENVOY or PATH)`,
    "gateway api  1.7.0, experimental channel",
    `node         ${process.versions.node} on ${process.platform}-${process.arch}`,
  ].join("\n");
}
