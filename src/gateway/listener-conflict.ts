import type { Member } from "../collections/collection.ts";
import { type Condition, isFalse, isTrue } from "./condition.ts";
import { anyHostname } from "./hostname.ts";
import { addressesOf, type ListenerCandidate, type Socket, takesRequests } from "./listener.ts";
import { type ListenerParent, parentKey } from "./listener-parent.ts";
import { overlappingTls } from "./overlapping-tls.ts";
import { compareSeniority } from "./precedence.ts";

/** Whether a listener can be told apart from all others on its socket, and if not, from which. */
export interface Distinctness {
  readonly conflicted: Condition;
  /** Set where a listener of another, older Gateway holds the socket. */
  readonly unavailable?: Condition;
  /** Set where it speaks TLS, and so does another with a hostname that overlaps with its own. */
  readonly overlapping?: Condition;
}

/**
 * Gateway API, GatewaySpec.listeners, "Distinct Listeners": on one port, listeners must share a protocol and differ in
 * hostname. Indistinct listeners of one Gateway are all refused; none of them is picked as the winner.
 *
 * ListenerSetSpec.listeners: the Gateway's own listeners come first, then those of its ListenerSets, the oldest first, then
 * by the alphabet; who comes first keeps what it has, and the later listener is Conflicted.
 *
 * Where Gateways share a machine they share its ports. There the older Gateway keeps what it has, ListenerSets come after
 * all Gateways, and the later listener is told PortUnavailable: what worked goes on working.
 */
export function distinguish(candidates: readonly Member<ListenerCandidate>[]): ReadonlyMap<string, Distinctness> {
  const result = new Map<string, Distinctness>();
  // What is held so far: since it does not clash, it is all of one family, and one listener for each hostname.
  const held = new Map<string, ListenerCandidate>();
  for (const listeners of byParent(candidates)) {
    const remaining = listeners.filter((candidate) => {
      const holder = holderAgainst(candidate, held);
      if (holder !== undefined) result.set(candidate.key, lost(candidate, holder));
      return holder === undefined;
    });
    const free = remaining.filter((candidate) => {
      const rival = remaining.find((other) => other !== candidate && clash(candidate, other) !== undefined);
      result.set(candidate.key, { conflicted: rival === undefined ? noConflict : conflictCondition(candidate, rival) });
      return rival === undefined;
    });
    for (const candidate of free) held.set(candidate.hostname, candidate);
  }
  for (const [key, overlapping] of overlappingTls([...held.values()])) {
    result.set(key, { conflicted: noConflict, overlapping });
  }
  return result;
}

/** The listeners of each Gateway and ListenerSet that could be served, in the order in which they may take what is free. */
function byParent(candidates: readonly Member<ListenerCandidate>[]): readonly (readonly ListenerCandidate[])[] {
  const parents = new Map<string, { readonly parent: ListenerParent; readonly listeners: ListenerCandidate[] }>();
  for (const { value: candidate } of candidates) {
    if (!takesRequests(candidate)) continue;
    const key = parentKey(candidate.parent);
    const entry = parents.get(key) ?? { parent: candidate.parent, listeners: [] };
    entry.listeners.push(candidate);
    parents.set(key, entry);
  }
  return [...parents.values()]
    .sort(
      ({ parent: left }, { parent: right }) =>
        Number(left.kind === "ListenerSet") - Number(right.kind === "ListenerSet") || compareSeniority(left, right),
    )
    .map(({ listeners }) => listeners);
}

function lost(candidate: ListenerCandidate, holder: ListenerCandidate): Distinctness {
  return candidate.gateway.key === holder.gateway.key
    ? { conflicted: conflictCondition(candidate, holder) }
    : { conflicted: noConflict, unavailable: portUnavailable(candidate, holder) };
}

function holderAgainst(
  candidate: ListenerCandidate,
  held: ReadonlyMap<string, ListenerCandidate>,
): ListenerCandidate | undefined {
  const [any] = held.values();
  if (any === undefined) return undefined;
  const holder = clash(candidate, any) === "ProtocolConflict" ? any : held.get(candidate.hostname);
  return holder !== undefined && clash(candidate, holder) !== undefined ? holder : undefined;
}

/** The condition of a listener that stands alone. */
export const noConflict = isFalse("Conflicted", "NoConflicts", "The listener can be told apart from all others.");

/** Protocols that can share a port, because the first bytes of a connection tell which listener is meant. */
function family(protocol: string): string {
  return protocol === "HTTPS" || protocol === "TLS" ? "TLS" : protocol;
}

function clash(left: ListenerCandidate, right: ListenerCandidate): "HostnameConflict" | "ProtocolConflict" | undefined {
  if (family(left.protocol) !== family(right.protocol)) return "ProtocolConflict";
  if (!mayShare(left.protocol)) return "ProtocolConflict";
  if (left.hostname !== right.hostname) return undefined;
  return left.protocol === right.protocol ? "HostnameConflict" : "ProtocolConflict";
}

function conflictCondition(candidate: ListenerCandidate, rival: ListenerCandidate): Condition {
  const reason = clash(candidate, rival) ?? "HostnameConflict";
  const { port } = candidate.socket;
  const name =
    candidate.hostname === anyHostname ? "also without a hostname" : `with the same hostname ${candidate.hostname}`;
  if (family(candidate.protocol) === family(rival.protocol) && mayShare(candidate.protocol)) {
    return isTrue(
      "Conflicted",
      reason,
      `${describe(rival, candidate)} has protocol ${rival.protocol} on the same port ${port}, ${name}. Use another port or hostname.`,
    );
  }
  return isTrue(
    "Conflicted",
    reason,
    `${describe(rival, candidate)} has protocol ${rival.protocol} on the same port ${port}, which carries either HTTP, or HTTPS and TLS, or one TCP or UDP listener. Use another port.`,
  );
}

function describe({ name, parent }: ListenerCandidate, seenFrom: ListenerCandidate): string {
  const here = parentKey(parent) === parentKey(seenFrom.parent);
  return `Listener "${name}"${here ? "" : ` of ${parent.kind} ${parent.key}, which comes first,`}`;
}

/** "TCP, UDP: Port": no hostname tells listeners of these protocols apart. */
function mayShare(protocol: string): boolean {
  return protocol !== "TCP" && protocol !== "UDP";
}

function portUnavailable(candidate: ListenerCandidate, holder: ListenerCandidate): Condition {
  return isFalse(
    "Accepted",
    "PortUnavailable",
    `Port ${candidate.socket.port} is held by listener "${holder.name}" of the ${holder.parent.kind === candidate.parent.kind ? "older " : ""}${holder.parent.kind} ${holder.parent.key}, with ${clash(candidate, holder) === "HostnameConflict" ? "the same hostname" : `protocol ${holder.protocol}`}. Use another port, another hostname, or an address of its own (spec.addresses).`,
  );
}

/**
 * Name of the filter chain that serves a hostname on a socket. HTTP has one chain for all hostnames; TLS has one for
 * each SNI name. No ":" may be in it.
 *
 * @example chainName({ proxy: "local", port: 443, transport: "TCP" }, "*.example.com")  // "443~*.example.com"
 * @example chainName({ proxy: "shared", gateway: "edge/public", port: 80, transport: "TCP" })  // "edge/public~80"
 */
export function chainName(socketOf: Socket, serverName?: string): string {
  const owner = socketOf.gateway === undefined ? [] : [socketOf.gateway];
  const addresses = addressesOf(socketOf).map((address) => address.replaceAll(":", "-"));
  const socket = [...owner, ...addresses, socketOf.port].join("~");
  return serverName === undefined ? socket : `${socket}~${serverName}`;
}
