import { controllerName } from "../gateway/class.ts";
import { gatewayAnnotation, sharedSelector } from "../infrastructure/fleet.ts";
import { boundedName, managedBy } from "../infrastructure/names.ts";
import type { ApiObject } from "../kubernetes/api-object.ts";
import { field, list, text } from "../resources/field.ts";
import { keyOf } from "../resources/object.ts";
import { type Facts, hasLabels, objectsOf } from "./facts.ts";

/** GatewayClasses that name our controller. */
export function classesOf(facts: Facts): readonly ApiObject[] {
  return objectsOf(facts, "GatewayClass").filter(
    (gatewayClass) => text(field(gatewayClass, "spec", "controllerName")) === controllerName,
  );
}

export function classNameOf(gateway: ApiObject): string {
  return text(field(gateway, "spec", "gatewayClassName"));
}

/** Gateways of our classes that are not about to go. */
export function gatewaysOf(facts: Facts): readonly ApiObject[] {
  const classes = new Set(classesOf(facts).map(({ metadata }) => metadata.name));
  const ending = new Set(objectsOf(facts, "Namespace").flatMap((each) => (isEnding(each) ? [each.metadata.name] : [])));
  return objectsOf(facts, "Gateway").filter(
    (gateway) =>
      classes.has(classNameOf(gateway)) && !isEnding(gateway) && !ending.has(gateway.metadata.namespace ?? ""),
  );
}

function isEnding({ metadata }: ApiObject): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** Objects of a kind that were made for a Gateway: beside it, or beside the fleet that it shares. */
export function madeFor(facts: Facts, gateway: ApiObject, kind: string): readonly ApiObject[] {
  const labels = {
    ...managedBy,
    "gateway.networking.k8s.io/gateway-name": boundedName(gateway.metadata.name),
  };
  return objectsOf(facts, kind).filter(
    (object) =>
      hasLabels(object, labels) &&
      (object.metadata.annotations?.[gatewayAnnotation] ?? `${object.metadata.namespace}/${gateway.metadata.name}`) ===
        keyOf(gateway),
  );
}

/** What runs the proxies of a Gateway: its own, or those that it shares. */
export function workloadsOf(facts: Facts, gateway: ApiObject): readonly ApiObject[] {
  const kinds = ["Deployment", "DaemonSet"];
  const own = kinds.flatMap((kind) => madeFor(facts, gateway, kind));
  if (own.length > 0) return own;
  const labels = sharedSelector(classNameOf(gateway));
  return kinds.flatMap((kind) => objectsOf(facts, kind).filter((object) => hasLabels(object, labels)));
}

/** Values of `status.addresses`, or of a load balancer's ingress. */
export function addressesAt(object: ApiObject, ...path: readonly string[]): readonly string[] {
  return list(field(object, ...path)).flatMap((entry) =>
    ["value", "ip", "hostname"].flatMap((name) => text(field(entry, name)) || []),
  );
}
