import type { GatewayListener } from "../gateway/gateway-listener.ts";
import { covers } from "../gateway/hostname.ts";
import type { Listener } from "../ir/listener.ts";
import { type Explained, placeOf } from "./explained.ts";
import type { Candidate } from "./explanation.ts";

/**
 * Listeners that could have taken the request: for its host, and not served; or, where nothing listens on its port, on
 * another one.
 */
export function listenerCandidates(
  explained: Explained,
  host: string,
  port: number,
  chosen: Listener | undefined,
): readonly Candidate[] {
  return [
    ...[...explained.semantics.listeners.entries()].flatMap(([, listener]): readonly Candidate[] => {
      if (!covers(listener.hostname, host)) return [];
      const candidate = (reason: Candidate["reason"], message: string): Candidate => ({
        kind: "listener",
        name: listenerName(listener),
        reason,
        message,
        place: placeOf(explained, listener.origin),
      });
      if (!listener.serving && (chosen === undefined || listener.socket.port === port)) {
        return [candidate("not-served", `is not served: ${whyNotServed(listener)}`)];
      }
      if (chosen !== undefined || !listener.serving) return [];
      const { socket, protocol } = listener;
      return socket.port === port
        ? []
        : [candidate("other-listener", `listens on port ${socket.port} (${protocol}), not on ${port}`)];
    }),
    ...unservedGateways(explained, host, port),
  ];
}

/** @example `listener "http" of Gateway infra/public (HTTP, port 80)` */
export function listenerName({ name, parent, protocol, socket }: GatewayListener): string {
  return `listener "${name}" of ${parent.kind} ${parent.key} (${protocol}, port ${socket.port})`;
}

/** The conditions that keep it from being served say why. */
function whyNotServed({ accepted, conflicted, resolvedRefs }: GatewayListener): string {
  const reasons = [
    ...(conflicted.status === "True" ? [conflicted.message] : []),
    ...(accepted.status === "False" && conflicted.status !== "True" ? [accepted.message] : []),
    ...(resolvedRefs.status === "False" ? [resolvedRefs.message] : []),
  ];
  return reasons.join(" ") || "its Gateway is not accepted";
}

/** Gateways of a class that nobody here serves. */
function unservedGateways(explained: Explained, host: string, port: number): readonly Candidate[] {
  const { resources, semantics } = explained;
  return [...resources.Gateway.entries()].flatMap(([key, gateway]): readonly Candidate[] => {
    if (semantics.gateways.get(key) !== undefined) return [];
    const index = gateway.spec.listeners.findIndex(
      ({ port: own, hostname = "" }) => own === port && covers(hostname.toLowerCase() || "*", host),
    );
    if (index === -1) return [];
    const { gatewayClassName: name } = gateway.spec;
    const { namespace, name: gatewayName } = gateway.metadata;
    const found = semantics.classes.get(name);
    const why =
      found !== undefined
        ? found.accepted.message
        : resources.GatewayClass.get(name) === undefined
          ? `there is no GatewayClass ${name}.`
          : `its class ${name} is another controller's.`;
    const resource = {
      group: "gateway.networking.k8s.io",
      kind: "Gateway",
      ...(namespace !== undefined && { namespace }),
      name: gatewayName,
    };
    return [
      {
        kind: "listener",
        name: `listener "${gateway.spec.listeners[index]?.name ?? ""}" of Gateway ${key}`,
        reason: "not-served",
        message: `is not served: ${why}`,
        place: placeOf(explained, { resource, path: ["spec", "gatewayClassName"] }),
      },
    ];
  });
}
