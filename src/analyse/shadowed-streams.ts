import type { AttachedListener } from "../gateway/attachment.ts";
import type { RouteAttachment } from "../gateway/derive-routes.ts";
import { isHeldElsewhere } from "../gateway/gateway-listener.ts";
import { socketKey } from "../gateway/listener.ts";
import { streamClusterName } from "../gateway/sockets.ts";
import type { Finding } from "../resources/finding.ts";
import { type Analysed, sorted } from "./analysed.ts";

/**
 * TCPRoutes, TLSRoutes and UDPRoutes that never get a connection, since another route has those of all their listeners: read
 * from the listeners that Envoy is given.
 */
export function shadowedStreams(analysed: Analysed): readonly Finding[] {
  return sorted(analysed.semantics.attachments).flatMap(([key, attachment]): readonly Finding[] => {
    if (analysed.semantics.streams.get(key) === undefined) return [];
    const { route, parents } = attachment;
    const served = parents.flatMap(({ listeners }) =>
      listeners.filter(({ point }) => point.serving && point.chain === undefined),
    );
    const winners = served.flatMap((listener) => winnersOver(analysed, attachment, listener));
    const [first] = winners;
    if (first === undefined || winners.includes(undefined)) return [];
    return [
      {
        severity: "warning",
        code: "shadowed-rule",
        message: `No connection reaches this ${route.kind}: ${first} has those of every listener that it is attached to, since it is older, or comes first by name.`,
        remedy: "Attach one of the two to another listener, or give them different hostnames.",
        origin: { resource: route.reference, path: ["spec", "rules", 0] },
      },
    ];
  });
}

/** Who has each of a route's connections on a listener instead of it; undefined where it has them itself. */
function winnersOver(
  { semantics }: Analysed,
  { route }: RouteAttachment,
  { point, hostnames }: AttachedListener,
): readonly (string | undefined)[] {
  const socket = semantics.sockets.get(socketKey(point.socket));
  const own = streamClusterName(route.key, point);
  return hostnames
    .filter(({ hostname }) => !isHeldElsewhere(point, hostname))
    .map(({ hostname }) => {
      const chain = socket?.chains.find(({ serverNames }) =>
        hostname === "*" ? serverNames.length === 0 : serverNames.includes(hostname),
      );
      if (chain === undefined || chain.kind === "http" || chain.cluster === undefined || chain.cluster === own)
        return undefined;
      const [kind, namespace, name = ""] = chain.cluster.split("/");
      return `${kind} ${namespace}/${name.replace(/@.*/, "")}`;
    });
}
