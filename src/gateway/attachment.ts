import type { Namespace } from "../resources/generated/core.ts";
import type { ParentReference } from "../resources/generated/gateway-api.ts";
import { shared } from "../strings/shared.ts";
import { namespaceLabels, refuseNamespace } from "./allowed-routes.ts";
import { type Condition, isFalse, isTrue } from "./condition.ts";
import { type AttachmentPoint, isHeldElsewhere } from "./gateway-listener.ts";
import { anyHostname, type HostnameMatch, intersect } from "./hostname.ts";
import type { ListenerParent } from "./listener-parent.ts";
import type { Route } from "./route.ts";

/** A listener that a route is attached to, and the hostnames that it serves there. */
export interface AttachedListener {
  readonly point: AttachmentPoint;
  readonly hostnames: readonly HostnameMatch[];
}

/** What became of one parentRef of a route. */
export interface ParentAttachment {
  readonly parentRef: ParentReference;
  readonly index: number;
  readonly accepted: Condition;
  /** Those that serve its rules. Empty where the parent refuses the route; one that is refused for what it says answers 500. */
  readonly listeners: readonly AttachedListener[];
}

/**
 * Attaches a route to the listeners that one of its parentRefs names.
 *
 * Gateway API, ParentReference and AllowedRoutes: `sectionName` and `port` choose among the listeners that stand in the
 * Gateway or ListenerSet itself (a Gateway's ListenerSets are parents of their own); each of those must be able to carry the kind, allow the route's namespace, and share a hostname with the route. One that does
 * is enough. Otherwise the reason is the one of the listener that came closest.
 */
export function attach(
  route: Route,
  parentRef: ParentReference,
  index: number,
  parent: Pick<ListenerParent, "kind" | "key">,
  points: readonly AttachmentPoint[],
  namespace: () => Namespace | undefined,
): ParentAttachment {
  const refused = (reason: string, message: string): ParentAttachment => ({
    parentRef,
    index,
    accepted: isFalse("Accepted", reason, message),
    listeners: [],
  });
  const parentName = `${parent.kind} ${parent.key}`;
  const named = namedPoints(parentRef, points);
  if (named.length === 0) return refused("NoMatchingParent", noMatchingParent(parentRef, parentName, points));

  const carrying = named.filter((point) => point.kinds.includes(route.kind));
  if (carrying.length === 0) {
    return refused(
      "NotAllowedByListeners",
      `${describe(route)} may not attach to ${parentName}: ${named.map((point) => `listener "${point.name}" carries ${point.kinds.join(" and ") || "no kind of route"}`).join(", ")}.`,
    );
  }

  const routeNamespace = route.reference.namespace;
  const labels = () => namespaceLabels(routeNamespace, namespace());
  const refusals = carrying.map((point) =>
    refuseNamespace(point.namespaces, point.parent.namespace, routeNamespace, labels),
  );
  const allowed = carrying.filter((_, position) => refusals[position] === undefined);
  if (allowed.length === 0) {
    return refused(
      "NotAllowedByListeners",
      `${describe(route)} may not attach to ${parentName}: ${carrying.map((point, position) => `listener "${point.name}": ${refusals[position]}`).join("; ")}.`,
    );
  }

  const listeners = allowed.flatMap((point): readonly AttachedListener[] => {
    const hostnames = hasHostnames(point)
      ? intersect(point.hostname, route.hostnames)
      : [{ hostname: anyHostname, original: anyHostname }];
    return hostnames.length === 0 ? [] : [{ point, hostnames }];
  });
  if (listeners.length === 0) {
    return refused(
      "NoMatchingListenerHostname",
      `None of the hostnames ${(route.hostnames ?? []).join(", ")} is one that ${parentName} listens for: ${allowed.map((point) => `listener "${point.name}" takes ${point.hostname}`).join(", ")}.`,
    );
  }
  const names = listeners.map(({ point }) => `listener "${point.name}"`).join(", ");
  return {
    parentRef,
    index,
    accepted: isTrue(
      "Accepted",
      "Accepted",
      shared(`Attached to ${names} of ${parentName}.${listeners.map(describeHeld).join("")}`),
    ),
    listeners: listeners.slice(),
  };
}

/** The listeners of a parent that a parentRef's `sectionName` and `port` choose; all of them where it has neither. */
export function namedPoints(
  { sectionName, port }: ParentReference,
  points: readonly AttachmentPoint[],
): readonly AttachmentPoint[] {
  return points.filter(
    (point) =>
      (sectionName === undefined || point.name === sectionName) && (port === undefined || point.socket.port === port),
  );
}

/** A parentRef to a ListenerSet that adds nothing to its Gateway: there is no listener to attach to. */
export function refuseParent(parentRef: ParentReference, index: number, cause: string): ParentAttachment {
  const message = `The ListenerSet is not part of a Gateway, so routes can't attach to it. ${cause}`;
  return { parentRef, index, accepted: isFalse("Accepted", "NoMatchingParent", message), listeners: [] };
}

/** Gateway API, "Listener Isolation": attached, and yet without the requests of these hostnames. */
function describeHeld({ point, hostnames }: AttachedListener): string {
  const held = hostnames.filter(({ hostname }) => isHeldElsewhere(point, hostname)).map(({ hostname }) => hostname);
  if (held.length === 0) return "";
  return ` Requests to ${held.join(", ")} on port ${point.socket.port} go to a listener with a more specific hostname than "${point.name}".`;
}

function hasHostnames(point: AttachmentPoint): boolean {
  return point.protocol !== "TCP" && point.protocol !== "UDP";
}

function describe(route: Route): string {
  return `${route.kind} ${route.reference.namespace}/${route.reference.name}`;
}

function noMatchingParent(parentRef: ParentReference, parentName: string, points: readonly AttachmentPoint[]): string {
  const wanted = [
    ...(parentRef.sectionName === undefined ? [] : [`named "${parentRef.sectionName}"`]),
    ...(parentRef.port === undefined ? [] : [`on port ${parentRef.port}`]),
  ].join(" ");
  const present = points.map(({ name, socket }) => `"${name}" on port ${socket.port}`).join(", ");
  return `${parentName} has no listener ${wanted}; it has ${present}.`;
}
