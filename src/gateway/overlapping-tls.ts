import { type Condition, isTrue } from "./condition.ts";
import { anyHostname, wildcardsOver } from "./hostname.ts";
import type { ListenerCandidate } from "./listener.ts";
import { type ListenerParent, parentKey } from "./listener-parent.ts";

/**
 * Listeners that speak TLS on one socket and whose hostnames overlap, each with the condition that says so, by key.
 *
 * Gateway API, ListenerConditionOverlappingTLSConfig: "Controllers MUST detect the presence of overlapping hostnames". A
 * client that reuses a connection for another name may meet the TLS configuration of another listener; Gatewright answers
 * it 421. The condition is on both sides, and absent where nothing overlaps.
 *
 * @param distinct listeners of one socket that don't conflict: one for each hostname
 * @example overlappingTls([{ hostname: "*.example.com", … }, { hostname: "a.example.com", … }, { hostname: "b.org", … }])
 * // the first two
 */
export function overlappingTls(distinct: readonly ListenerCandidate[]): ReadonlyMap<string, Condition> {
  const byHostname = new Map(
    distinct.filter(({ tlsMode }) => tlsMode !== undefined).map((listener) => [listener.hostname, listener]),
  );
  const overlaps = new Map<ListenerCandidate, ListenerCandidate[]>();
  const note = (listener: ListenerCandidate, other: ListenerCandidate): void => {
    const known = overlaps.get(listener);
    if (known === undefined) overlaps.set(listener, [other]);
    else known.push(other);
  };
  for (const listener of byHostname.values()) {
    for (const wildcard of wildcardsOver(listener.hostname)) {
      const wider = byHostname.get(wildcard);
      if (wider === undefined) continue;
      note(listener, wider);
      note(wider, listener);
    }
  }
  return new Map([...overlaps].map(([listener, others]) => [listener.key, condition(listener, others)]));
}

function condition(listener: ListenerCandidate, others: readonly ListenerCandidate[]): Condition {
  const [first, ...rest] = others
    .map(({ name, hostname, parent }) => `${named(hostname)} of ${where(name, parent, listener.parent)}`)
    .sort();
  const more = rest.length === 0 ? "" : ` (and ${rest.length} more)`;
  const misdirected =
    listener.protocol === "HTTPS"
      ? " A client that reuses its connection for a name of another listener is answered 421."
      : "";
  return isTrue(
    "OverlappingTLSConfig",
    "OverlappingHostnames",
    `On port ${listener.socket.port}, ${named(listener.hostname)} overlaps with ${first}${more}. The more specific one serves.${misdirected}`,
  );
}

function named(hostname: string): string {
  return hostname === anyHostname ? "every hostname" : hostname;
}

function where(name: string, parent: ListenerParent, seenFrom: ListenerParent): string {
  return `listener "${name}"${parentKey(parent) === parentKey(seenFrom) ? "" : ` of ${parent.kind} ${parent.key}`}`;
}
