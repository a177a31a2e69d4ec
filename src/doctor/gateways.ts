import { controllerName } from "../gateway/class.ts";
import { boundedName, managedBy } from "../infrastructure/names.ts";
import type { ApiObject } from "../kubernetes/api-object.ts";
import { field, list, text } from "../resources/field.ts";
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

/** Gateways of our classes. */
export function gatewaysOf(facts: Facts): readonly ApiObject[] {
  const classes = new Set(classesOf(facts).map(({ metadata }) => metadata.name));
  return objectsOf(facts, "Gateway").filter((gateway) => classes.has(classNameOf(gateway)));
}

/** Objects of a kind that were made for a Gateway. */
export function madeFor(facts: Facts, gateway: ApiObject, kind: string): readonly ApiObject[] {
  const labels = {
    ...managedBy,
    "gateway.networking.k8s.io/gateway-name": boundedName(gateway.metadata.name),
  };
  return objectsOf(facts, kind).filter(
    (object) => object.metadata.namespace === gateway.metadata.namespace && hasLabels(object, labels),
  );
}

/** What runs the proxies of a Gateway. */
export function workloadsOf(facts: Facts, gateway: ApiObject): readonly ApiObject[] {
  return ["Deployment", "DaemonSet"].flatMap((kind) => madeFor(facts, gateway, kind));
}

/** Values of `status.addresses`, or of a load balancer's ingress. */
export function addressesAt(object: ApiObject, ...path: readonly string[]): readonly string[] {
  return list(field(object, ...path)).flatMap((entry) =>
    ["value", "ip", "hostname"].flatMap((name) => text(field(entry, name)) || []),
  );
}
