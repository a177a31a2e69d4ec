import type { Collection } from "../collections/collection.ts";
import type { Graph } from "../collections/graph.ts";
import type { Gateway } from "../resources/generated/gateway-api.ts";
import { type AcceptedClass, acceptClass, controllerName } from "./class.ts";
import type { Condition } from "./condition.ts";
import type { Resources } from "./inputs.ts";
import { attachListenerSet, type GatewayListenerSet, gatewayKeyOf } from "./listener-set.ts";
import type { Placement } from "./placement.ts";

/** Gateways of ours, and the ListenerSets that add to them. */
export interface GatewayCollections {
  readonly classes: Collection<AcceptedClass>;
  readonly gateways: Collection<Gateway>;
  /** Of Gateways that can't be served as a whole. */
  readonly refusals: Collection<Condition>;
  /** Those of the refusals that close all listeners. */
  readonly closing: Collection<Condition>;
  /** ListenerSets that name a Gateway of ours. */
  readonly listenerSets: Collection<GatewayListenerSet>;
}

export function deriveGateways(graph: Graph, resources: Resources, placement: Placement): GatewayCollections {
  const classes = graph.derive("classes", resources.GatewayClass, (gatewayClass, _key, reader) =>
    // Those of others are not looked at.
    gatewayClass.spec.controllerName === controllerName
      ? acceptClass(gatewayClass, placement.parametersProblem(gatewayClass, reader, resources))
      : undefined,
  );
  const gateways = graph.derive("gateways", resources.Gateway, (gateway, _key, { fetch }) => {
    const accepted = fetch(classes, gateway.spec.gatewayClassName)?.accepted;
    if (accepted === undefined) return undefined;
    return accepted.status === "True" || placement.proxiesOutlastParameters ? gateway : undefined;
  });
  const refusals = graph.derive("gatewayRefusals", gateways, (gateway, _key, reader) =>
    placement.refuse(gateway, reader, resources),
  );
  const closing = graph.derive("closingRefusals", refusals, (refusal) =>
    refusal.reason === "InvalidParameters" && placement.proxiesOutlastParameters ? undefined : refusal,
  );
  const listenerSets = graph.derive("listenerSets", resources.ListenerSet, (object, _key, { fetch }) => {
    const gatewayKey = gatewayKeyOf(object);
    const gateway = gatewayKey === undefined ? undefined : fetch(gateways, gatewayKey);
    if (gatewayKey === undefined || gateway === undefined) return undefined;
    const { namespace = "default" } = object.metadata;
    return attachListenerSet(object, gateway, fetch(closing, gatewayKey), () => fetch(resources.Namespace, namespace));
  });
  return { classes, gateways, refusals, closing, listenerSets };
}
