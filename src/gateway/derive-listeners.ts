import type { Collection } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import type { Gateway } from "../resources/generated/gateway-api.ts";
import { type KeyPair, readKeyPair } from "./certificate.ts";
import { type AcceptedClass, acceptClass } from "./class.ts";
import type { Condition } from "./condition.ts";
import {
  type AttachmentPoint,
  attachmentPoint,
  type GatewayListener,
  hostnamesHeldElsewhere,
  settleListener,
} from "./gateway-listener.ts";
import type { Resources } from "./inputs.ts";
import { listenerCandidates, socketKey } from "./listener.ts";
import { distinguish } from "./listener-conflict.ts";
import type { Placement } from "./placement.ts";
import type { GrantsByNamespace } from "./reference-grant.ts";

/** Gateways of ours and their listeners, by themselves and against each other. */
export interface ListenerCollections {
  readonly classes: Collection<AcceptedClass>;
  readonly gateways: Collection<Gateway>;
  /** The Gateways' keys alone, for those who need not run again when a Gateway changes. */
  readonly gatewayKeys: Collection<true>;
  /** Of Gateways that can't be served as a whole. */
  readonly refusals: Collection<Condition>;
  readonly grants: GrantsByNamespace;
  readonly keyPairs: Collection<KeyPair>;
  /** By `namespace/gateway/listener`. */
  readonly listeners: Collection<GatewayListener>;
  readonly listenersByGateway: Collection<readonly { readonly key: string; readonly value: GatewayListener }[]>;
  readonly points: Collection<AttachmentPoint>;
  readonly pointsByGateway: Collection<readonly { readonly key: string; readonly value: AttachmentPoint }[]>;
}

export function deriveListeners(graph: Graph, resources: Resources, placement: Placement): ListenerCollections {
  const classes = graph.derive("classes", resources.GatewayClass, acceptClass);
  const gateways = graph.derive("gateways", resources.Gateway, (gateway, _key, { fetch }) =>
    fetch(classes, gateway.spec.gatewayClassName)?.accepted.status === "True" ? gateway : undefined,
  );
  const gatewayKeys = graph.derive("gatewayKeys", gateways, (): true => true);
  const refusals = graph.derive("gatewayRefusals", gateways, (gateway, _key, reader) =>
    placement.refuse(gateway, reader),
  );
  const grants = graph.group("grantsByNamespace", resources.ReferenceGrant, (grant) => [
    grant.metadata.namespace ?? "default",
  ]);
  const keyPairs = graph.derive("keyPairs", resources.Secret, readKeyPair);
  // Apart from the key pairs, so that a rotated certificate changes no listener.
  const validity = graph.derive("certificateValidity", keyPairs, (pair) => pair.problem ?? "valid");
  const candidates = graph.deriveMany("listenerCandidates", gateways, (gateway, key, reader) =>
    listenerCandidates(gateway, placement, reader.fetch(refusals, key), reader, { validity, grants }),
  );
  const bySocket = graph.group("candidatesBySocket", candidates, (candidate) => [socketKey(candidate.socket)]);
  const distinctness = graph.derive("distinctness", bySocket, distinguish);
  const listeners = graph.derive("listeners", candidates, (candidate, key, { fetch }) =>
    settleListener(candidate, fetch(distinctness, socketKey(candidate.socket))?.get(key)),
  );
  const neighbours = graph.group("listenersBySocket", listeners, (listener) => [socketKey(listener.socket)]);
  const held = graph.derive("hostnamesHeldElsewhere", neighbours, (members) =>
    hostnamesHeldElsewhere(members.map((member) => member.value)),
  );
  const points = graph.derive("attachmentPoints", listeners, (listener, key, { fetch }) =>
    attachmentPoint(listener, fetch(held, socketKey(listener.socket))?.get(key) ?? new Set()),
  );
  return {
    classes,
    gateways,
    gatewayKeys,
    refusals,
    grants,
    keyPairs,
    listeners,
    listenersByGateway: graph.group("listenersByGateway", listeners, (listener) => [listener.gateway.key]),
    points,
    pointsByGateway: graph.group("attachmentPointsByGateway", points, (point) => [point.gatewayKey]),
  };
}
