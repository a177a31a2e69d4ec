import type { ApiObject } from "../kubernetes/api-object.ts";
import { field, list } from "../resources/field.ts";
import { type Facts, objectsOf } from "./facts.ts";

const serviceName = "kubernetes.io/service-name";

export function slicesOf(facts: Facts, namespace: string, service: string): readonly ApiObject[] {
  return objectsOf(facts, "EndpointSlice").filter(
    ({ metadata }) => metadata.namespace === namespace && metadata.labels?.[serviceName] === service,
  );
}

/** How many endpoints of a Service get requests: ready ones, of slices that have a port. */
export function readyEndpoints(facts: Facts, namespace: string, service: string): number {
  return slicesOf(facts, namespace, service)
    .filter((slice) => list(field(slice, "ports")).length > 0)
    .flatMap((slice) => list(field(slice, "endpoints")))
    .filter((endpoint) => field(endpoint, "conditions", "ready") !== false).length;
}
