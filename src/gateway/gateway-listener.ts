import { type Condition, isFalse } from "./condition.ts";
import { wildcardsOver } from "./hostname.ts";
import { type ListenerCandidate, takesRequests } from "./listener.ts";
import { chainName, type Distinctness, noConflict } from "./listener-conflict.ts";
import { guardShowing, type ListenerGuard } from "./listener-filters.ts";

/** A listener of a Gateway of ours, its own or a ListenerSet's, with what became of it. */
export interface GatewayListener extends ListenerCandidate {
  readonly conflicted: Condition;
  /** Absent where nothing overlaps, as a condition of negative polarity is. */
  readonly overlapping?: Condition;
  /** Whether traffic is taken, if only to refuse it: the listener is valid, distinct, and has a certificate where it needs one. */
  readonly serving: boolean;
  /** The HTTP filter chain that its routes are served by; absent for TLS passthrough, TCP and UDP. */
  readonly chain?: string;
}

export function settleListener(candidate: ListenerCandidate, distinctness: Distinctness | undefined): GatewayListener {
  const accepted = distinctness?.unavailable ?? candidate.accepted;
  const conflicted = distinctness?.conflicted ?? noConflict;
  const hasCertificate = candidate.tlsMode !== "Terminate" || candidate.certificates.length > 0;
  const chain = httpChain(candidate);
  return {
    ...candidate,
    accepted: conflicted.status === "False" ? accepted : isFalse("Accepted", conflicted.reason, conflicted.message),
    conflicted,
    ...(distinctness?.overlapping === undefined ? {} : { overlapping: distinctness.overlapping }),
    serving: takesRequests({ ...candidate, accepted }) && conflicted.status === "False" && hasCertificate,
    ...(chain === undefined ? {} : { chain }),
  };
}

function httpChain(candidate: ListenerCandidate): string | undefined {
  if (candidate.protocol === "HTTP") return chainName(candidate.socket);
  if (candidate.protocol === "HTTPS") return chainName(candidate.socket, candidate.hostname);
  return undefined;
}

/** What the attachment of a route depends on: no certificate or condition, so that their changes touch no route. */
export type AttachmentPoint = Pick<
  GatewayListener,
  | "key"
  | "name"
  | "parent"
  | "socket"
  | "protocol"
  | "hostname"
  | "kinds"
  | "namespaces"
  | "serving"
  | "chain"
  | "tlsMode"
  | "origin"
> & {
  /** `namespace/name` of the Gateway that has it in the end. */
  readonly gatewayKey: string;
  /** Key of the Secret that the Gateway shows to its backends. */
  readonly clientCertificate?: string;
  readonly guard?: ListenerGuard;
  /** More specific hostnames that other listeners hold on the same socket: those listeners, and not this one, serve them. */
  readonly heldElsewhere: ReadonlySet<string>;
};

export function attachmentPoint(
  listener: GatewayListener,
  heldElsewhere: ReadonlySet<string>,
  clientCertificate: string | undefined,
): AttachmentPoint {
  const { key, name, parent, socket, protocol, hostname, kinds, namespaces, serving, chain, tlsMode } = listener;
  const { guard } = listener.filters;
  return {
    key,
    name,
    gatewayKey: listener.gateway.key,
    parent,
    socket,
    protocol,
    hostname,
    kinds,
    namespaces,
    serving,
    tlsMode,
    origin: listener.origin,
    ...(chain === undefined ? {} : { chain }),
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    ...(guard === undefined ? {} : { guard: guardShowing(guard, clientCertificate) }),
    heldElsewhere,
  };
}

/** For every listener of a socket by key, the hostnames that are covered by its own and belong to more specific listeners. */
export function hostnamesHeldElsewhere(
  listeners: readonly GatewayListener[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const byHostname = new Map<string, Set<string>>();
  for (const { hostname } of listeners) byHostname.set(hostname, new Set());
  for (const { hostname, serving } of listeners) {
    if (!serving) continue;
    for (const wildcard of wildcardsOver(hostname)) byHostname.get(wildcard)?.add(hostname);
  }
  return new Map(listeners.map(({ key, hostname }) => [key, byHostname.get(hostname) ?? new Set()]));
}

/** Gateway API, "Listener Isolation": a hostname belongs to the most specific listener that covers it. */
export function isHeldElsewhere({ heldElsewhere: held }: AttachmentPoint, hostname: string): boolean {
  return held.has(hostname) || wildcardsOver(hostname).some((wildcard) => held.has(wildcard));
}
