import type { ControlPlane } from "../control-plane/control-plane.ts";
import { isHostname } from "../gateway/hostname.ts";

/** One line for each hostname or port that a person can try, ten at most. */
export function addressesToTry(controlPlane: ControlPlane, portOffset: number): readonly string[] {
  const { sockets, hostTables } = controlPlane.semantics;
  const lines = [...sockets.entries()]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .flatMap(([, { address = "127.0.0.1", port, transport, chains }]) => {
      const shifted = port + portOffset;
      return chains.flatMap((chain) => {
        if (chain.kind !== "http")
          return [`${chain.kind === "datagram" ? "udp" : "tcp"}://${address}:${shifted} (${transport})`];
        const scheme = chain.tls === undefined ? "http" : "https";
        const hostnames = [...hostTables.entries()]
          .map(([, table]) => table)
          .filter((table) => table.chain === chain.name && table.rules.length > 0 && isHostname(table.hostname))
          .map((table) => table.hostname)
          .sort();
        if (hostnames.length === 0) return [`${scheme}://${address}:${shifted}/`];
        return hostnames.map((hostname) =>
          hostname.endsWith(".localhost")
            ? `${scheme}://${hostname}:${shifted}/`
            : `curl ${scheme === "https" ? "-k " : ""}--resolve ${hostname}:${shifted}:${address} ${scheme}://${hostname}:${shifted}/`,
        );
      });
    });
  const shown = [...new Set(lines)].slice(0, 10);
  return lines.length === 0
    ? ["Nothing is served: there is no Gateway with a listener that can be. `gatewright describe gateway` says why."]
    : [
        "Serving:",
        ...shown.map((line) => `  ${line}`),
        ...(lines.length > 10 ? [`  and ${lines.length - 10} more`] : []),
      ];
}
