import { Graph } from "../collections/graph.ts";
import { createResourceInputs, isResourceKind, setResource } from "../gateway/inputs.ts";
import { onThisMachine, type Placement } from "../gateway/placement.ts";
import { deriveSemantics } from "../gateway/semantics.ts";
import type { Finding } from "../resources/finding.ts";
import type { KubernetesObject } from "../resources/object.ts";
import type { Analysed } from "./analysed.ts";
import { analyseAnnotations } from "./annotations.ts";
import { analyseCertificates } from "./certificates.ts";
import { analyseEndpoints } from "./endpoints.ts";
import { analyseGateways } from "./gateways.ts";
import { analyseHealthPolicies } from "./health-policies.ts";
import { analyseMeshes } from "./meshes.ts";
import { analysePolicies } from "./policies.ts";
import { analyseRedirects } from "./redirects.ts";
import { analyseReferenceGrants } from "./reference-grants.ts";
import { analyseRoutes } from "./routes.ts";
import { analyseServices } from "./services.ts";
import { shadowedRules } from "./shadowed-rules.ts";
import { shadowedStreams } from "./shadowed-streams.ts";
import { analyseTelemetryPolicies } from "./telemetry-policies.ts";
import { analyseTrafficPolicies } from "./traffic-policies.ts";
import { analyseFieldsWithoutEffect } from "./without-effect.ts";
import { analyseXBackends } from "./x-backends.ts";

/**
 * What is wrong between objects: references to what is not there or not allowed, routes that attach nowhere, listeners
 * that exclude each other.
 *
 * A reference to an object that the documents do not hold is a warning, for they may be a part of the whole; everything
 * that no further document can mend is an error.
 */
export function analyse(
  objects: readonly KubernetesObject[],
  placement: Placement = onThisMachine("analysed"),
  now = new Date(),
): readonly Finding[] {
  return analyseAll(readSemantics(objects, placement), now);
}

/** What objects mean that don't change. */
export function readSemantics(objects: readonly KubernetesObject[], placement: Placement): Analysed {
  const graph = new Graph();
  const resources = createResourceInputs(graph);
  const semantics = deriveSemantics(graph, resources, placement);
  graph.transaction(() => {
    for (const object of objects) if (isResourceKind(object.kind)) setResource(resources, object.kind, object);
  });
  return { resources, semantics };
}

/** The same, of objects whose semantics are at hand. Costs what there is, not what changed. */
export function analyseAll(analysed: Analysed, now = new Date()): readonly Finding[] {
  return [
    ...analyseGateways(analysed),
    ...analyseCertificates(analysed, now),
    ...analyseRoutes(analysed),
    ...shadowedRules(analysed),
    ...shadowedStreams(analysed),
    ...analyseRedirects(analysed),
    ...analyseServices(analysed),
    ...analyseXBackends(analysed),
    ...analysePolicies(analysed),
    ...analyseTrafficPolicies(analysed),
    ...analyseHealthPolicies(analysed),
    ...analyseTelemetryPolicies(analysed),
    ...analyseMeshes(analysed),
    ...analyseEndpoints(analysed),
    ...analyseReferenceGrants(analysed),
    ...analyseAnnotations(analysed),
    ...analyseFieldsWithoutEffect(analysed),
  ];
}
