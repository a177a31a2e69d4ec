import { namespaceLabels, unmetRequirement } from "../gateway/allowed-routes.ts";
import { type AttachedListener, namedPoints } from "../gateway/attachment.ts";
import type { RouteAttachment } from "../gateway/derive-routes.ts";
import { isHeldElsewhere } from "../gateway/gateway-listener.ts";
import { intersect } from "../gateway/hostname.ts";
import { namedParent, parentKey } from "../gateway/listener-parent.ts";
import type { Route } from "../gateway/route.ts";
import type { Finding } from "../resources/finding.ts";
import { codeOf } from "../resources/finding-codes.ts";
import type { Change } from "../resources/fix.ts";
import type { LabelSelector } from "../resources/generated/meta.ts";
import type { KubernetesObject } from "../resources/object.ts";
import type { FieldPath } from "../resources/origin.ts";
import type { Analysed } from "./analysed.ts";
import { nearName } from "./near-name.ts";

/** Parents that refuse a route, each with what would mend that. */
export function refusedParents(
  analysed: Analysed,
  object: KubernetesObject,
  { route, parents }: RouteAttachment,
): readonly Finding[] {
  return parents.flatMap(({ accepted, index, parentRef }): readonly Finding[] => {
    if (accepted.status === "True" || accepted.reason === "UnsupportedValue") return [];
    const path = index < route.parentRefs.length ? ["spec", "parentRefs", index] : ["spec", "useDefaultGateways"];
    const finding: Finding = {
      severity: "error",
      code: codeOf(accepted.reason),
      message: accepted.message,
      origin: { resource: route.reference, path },
    };
    const points = pointsOf(analysed, route, parentRef);
    if (accepted.reason === "NoMatchingParent" && parentRef.sectionName !== undefined) {
      return [
        withSection(
          finding,
          parentRef.sectionName,
          path,
          points.map(({ name }) => name),
        ),
      ];
    }
    if (accepted.reason !== "NotAllowedByListeners") return [finding];
    const { namespace } = route.reference;
    const labels = namespaceLabels(namespace, analysed.resources.Namespace.get(namespace));
    // A listener refuses for other reasons too: its kinds, or a route of the rival kind. No label mends those.
    const selectors = namedPoints(parentRef, points).flatMap(({ kinds, namespaces: { from, selector } }) =>
      from === "Selector" &&
      selector !== undefined &&
      kinds.includes(route.kind) &&
      unmetRequirement(selector, labels) !== undefined
        ? [selector]
        : [],
    );
    return [selectors.length === 0 ? finding : refusedBySelector(analysed, finding, object, selectors)];
  });
}

function pointsOf({ semantics }: Analysed, route: Route, parentRef: RouteAttachment["parents"][number]["parentRef"]) {
  const parent = namedParent(parentRef, route.reference.namespace);
  return ((parent && semantics.pointsByParent.get(parentKey(parent))) ?? []).map(({ value }) => value);
}

function withSection(finding: Finding, name: string, path: FieldPath, names: readonly string[]): Finding {
  const meant = nearName(name, names);
  const resource = finding.origin?.resource;
  if (meant === undefined || resource === undefined) return finding;
  const change: Change = { kind: "set", path: [...path, "sectionName"], value: meant };
  return { ...finding, remedy: `Did you mean "${meant}"?`, fix: { resource, changes: [change] } };
}

/**
 * An object that a selector of namespaces keeps out. The selector reads the labels of the Namespace, which may be among the
 * documents that are not here; if the object has them itself, it was the object that was labelled by mistake.
 */
export function refusedBySelector(
  { resources }: Analysed,
  finding: Finding,
  { kind, metadata }: KubernetesObject,
  selectors: readonly LabelSelector[],
): Finding {
  const { namespace = "default", labels = {} } = metadata;
  const known = resources.Namespace.get(namespace);
  const severity = known === undefined ? "warning" : "error";
  const meant = selectors.find(
    (selector) => unmetRequirement(selector, { ...namespaceLabels(namespace, known), ...labels }) === undefined,
  );
  if (meant === undefined || Object.keys(labels).length === 0) {
    const remedy = `There is no Namespace ${namespace} among the documents; add it with its labels.`;
    return { ...finding, severity, ...(known === undefined && { remedy }) };
  }
  const missing = Object.entries(meant.matchLabels ?? {}).filter(
    ([name, value]) => known?.metadata.labels?.[name] !== value,
  );
  const words = missing.map(([name, value]) => `${name}=${value}`).join(" ");
  const resource = { group: "", kind: "Namespace", name: namespace };
  const changes: readonly Change[] =
    known?.metadata.labels === undefined
      ? [{ kind: "set", path: ["metadata", "labels"], value: Object.fromEntries(missing) }]
      : missing.map(([name, value]) => ({ kind: "set", path: ["metadata", "labels", name], value }));
  return {
    ...finding,
    severity,
    code: "selector-reads-namespace",
    message: `${finding.message} The ${kind} itself has the labels that are asked for, where no selector reads them.`,
    ...(missing.length > 0 && {
      remedy: `kubectl label namespace ${namespace} ${words}${known === undefined ? `, or add a Namespace ${namespace} with these labels to the documents.` : ""}`,
      fix: { resource, changes },
    }),
  };
}

/** Hostnames of a route whose requests never come to it, though its parents accept it for others. */
export function unservedHostnames({ route, parents }: RouteAttachment): readonly Finding[] {
  const { hostnames = [] } = route;
  // What refuses the route is told by itself, and what is not here may serve any of them.
  if (parents.length < route.parentRefs.length || parents.some(({ accepted }) => accepted.status !== "True")) return [];
  const listeners = parents.flatMap((parent) => parent.listeners);
  return hostnames.flatMap((hostname, index): readonly Finding[] =>
    listeners.some((listener) => serves(listener, hostname))
      ? []
      : [
          {
            severity: "warning",
            code: "hostname-not-served",
            message: `No request for ${hostname} comes to this ${route.kind}: ${listeners.map((listener) => describe(listener, hostname)).join(", ")}.`,
            remedy: "Remove the hostname, or attach the route to a listener that takes it.",
            origin: { resource: route.reference, path: ["spec", "hostnames", index] },
          },
        ],
  );
}

function serves({ point, hostnames }: AttachedListener, hostname: string): boolean {
  return intersect(point.hostname, [hostname]).some(
    ({ hostname: shared }) =>
      !isHeldElsewhere(point, shared) && hostnames.some((attached) => attached.hostname === shared),
  );
}

function describe({ point, hostnames }: AttachedListener, hostname: string): string {
  const [shared] = intersect(point.hostname, [hostname]);
  const name = `listener "${point.name}"`;
  if (shared === undefined) return `${name} takes ${point.hostname}`;
  return hostnames.some((attached) => attached.hostname === shared.hostname)
    ? `${name} leaves it to a listener with a more specific hostname`
    : `on ${name} a route of another kind has it`;
}
