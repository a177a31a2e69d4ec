import type { Collection, Member, Reader } from "../collections/collection.ts";
import type { AttachedListener, ParentAttachment } from "./attachment.ts";
import { isFalse } from "./condition.ts";
import type { RouteAttachment } from "./derive-routes.ts";
import type { HostnameMatch } from "./hostname.ts";
import { compareSeniority } from "./precedence.ts";
import type { Route } from "./route.ts";
import type { RouteKind } from "./route-kind.ts";

/** Kinds that may not be merged on one hostname of a listener. */
const rivals: Partial<Record<RouteKind, RouteKind>> = { HTTPRoute: "GRPCRoute", GRPCRoute: "HTTPRoute" };

/** The oldest route of a kind on a hostname of a listener, by {@link hostnameClaims}' keys. */
export type OldestClaims = Collection<Route>;

/** What a route holds of the listeners that it is attached to: kind, listener and hostname. */
export function hostnameClaims({ route, parents }: RouteAttachment): readonly string[] {
  if (rivals[route.kind] === undefined) return [];
  return parents.flatMap((parent) =>
    parent.listeners.flatMap(({ point, hostnames }) =>
      hostnames.map(({ hostname }) => claimOf(route.kind, point.key, hostname)),
    ),
  );
}

export function oldestClaim(members: readonly Member<RouteAttachment>[]): Route | undefined {
  return members
    .map((member) => member.value.route)
    .reduce<Route | undefined>(
      (oldest, route) => (oldest === undefined || isOlder(route, oldest) ? route : oldest),
      undefined,
    );
}

/**
 * Takes from a route the hostnames that belong to routes of the rival kind.
 *
 * Gateway API, GRPCRoute.spec.hostnames: HTTPRoutes and GRPCRoutes are not merged; where both want a hostname of a
 * listener, the oldest route's kind has it. Here hostnames are shared when they are equal: where one merely covers the
 * other, the more specific one has its requests anyway. A route that is left with no hostname is not accepted.
 */
export function settleRivals(attachment: RouteAttachment, oldest: OldestClaims, { fetch }: Reader): RouteAttachment {
  const { route } = attachment;
  const rival = rivals[route.kind];
  if (rival === undefined) return attachment;
  const holder = ({ point }: AttachedListener, { hostname }: HostnameMatch): Route | undefined => {
    const other = fetch(oldest, claimOf(rival, point.key, hostname));
    if (other === undefined) return undefined;
    const own = fetch(oldest, claimOf(route.kind, point.key, hostname));
    return own === undefined || isOlder(other, own) ? other : undefined;
  };
  return { route, parents: attachment.parents.map((parent) => settleParent(parent, holder)) };
}

function settleParent(
  parent: ParentAttachment,
  holder: (listener: AttachedListener, hostname: HostnameMatch) => Route | undefined,
): ParentAttachment {
  const lost = parent.listeners.flatMap((listener) =>
    listener.hostnames.flatMap((match) => {
      const route = holder(listener, match);
      return route === undefined ? [] : [{ listener, match, route }];
    }),
  );
  if (lost.length === 0) return parent;
  const listeners = parent.listeners.flatMap((listener) => {
    const hostnames = listener.hostnames.filter(
      (match) => !lost.some((entry) => entry.listener === listener && entry.match === match),
    );
    return hostnames.length === 0 ? [] : [{ ...listener, hostnames }];
  });
  const message = lost.map(({ listener, match, route }) => describeLoss(listener, match, route)).join(" ");
  const advice = "HTTPRoutes and GRPCRoutes can't share a hostname of a listener: give one of them another hostname.";
  return {
    ...parent,
    listeners,
    accepted:
      listeners.length === 0
        ? isFalse("Accepted", "NotAllowedByListeners", `${message} ${advice}`)
        : { ...parent.accepted, message: `${parent.accepted.message} Not everywhere: ${message} ${advice}` },
  };
}

function describeLoss({ point }: AttachedListener, { hostname }: HostnameMatch, { kind, reference }: Route): string {
  const host = hostname === "*" ? "every other host" : hostname;
  return `${kind} ${reference.namespace}/${reference.name} came first and holds ${host} on listener "${point.name}".`;
}

function isOlder(left: Route, right: Route): boolean {
  const order = compareSeniority(left.seniority, right.seniority);
  return order === 0 ? left.kind < right.kind : order < 0;
}

function claimOf(kind: RouteKind, listenerKey: string, hostname: string): string {
  return `${kind}|${listenerKey}|${hostname}`;
}
