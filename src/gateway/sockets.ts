import type { AccessLog } from "../ir/access-log.ts";
import type { FilterChain, Listener, TlsTermination } from "../ir/listener.ts";
import type { Tracing } from "../ir/tracing.ts";
import { certificateName } from "./certificate.ts";
import type { AttachmentPoint, GatewayListener } from "./gateway-listener.ts";
import { anyHostname, compareSpecificity } from "./hostname.ts";
import { type Socket, socketName } from "./listener.ts";
import { chainName } from "./listener-conflict.ts";
import { compareSeniority, type Seniority } from "./precedence.ts";

/** A TCP, TLS or UDP route on a listener: who may have the connections of one server name. */
export interface StreamEntry {
  /** Where its connections go. */
  readonly cluster: string;
  readonly seniority: Seniority;
  readonly listenerKey: string;
  /** SNI name; `*` for every other connection. */
  readonly serverName: string;
  /** The name that the route gave. */
  readonly original: string;
}

/**
 * Name of the cluster that a route's connections go to. Where a TLSRoute's clients' TLS ends it is another than where it
 * is passed through, since only from there on its backends' own TLS may be asked for.
 */
export function streamClusterName(
  routeKey: string,
  { protocol, tlsMode, clientCertificate }: Pick<AttachmentPoint, "protocol" | "tlsMode" | "clientCertificate">,
): string {
  if (tlsMode === "Passthrough" || protocol === "UDP") return routeKey;
  const shown = clientCertificate === undefined ? "" : `@${clientCertificate}`;
  return `${routeKey}${tlsMode === "Terminate" ? "/terminated" : ""}${shown}`;
}

/** What one listener serves on its socket. */
export interface ListenerChains {
  readonly socket: Socket;
  readonly chains: readonly FilterChain[];
}

/** One socket with everything that is served on it; undefined if nothing is. The chains of one listener stay the same objects. */
export function socketListener(
  listeners: readonly ListenerChains[],
  boundPort: number | undefined,
): Listener | undefined {
  const [first] = listeners;
  if (first === undefined) return undefined;
  const { proxy, gateway, address, additionalAddresses, port, transport } = first.socket;
  const byName = new Map<string, FilterChain>();
  for (const chain of listeners.flatMap(({ chains }) => chains)) {
    const known = byName.get(chain.name);
    byName.set(chain.name, known === undefined ? chain : shared(known, chain));
  }
  return {
    proxy,
    ...(gateway === undefined ? {} : { gateway }),
    name: socketName(first.socket),
    ...(address === undefined ? {} : { address }),
    ...(additionalAddresses === undefined ? {} : { additionalAddresses }),
    port,
    ...(boundPort === undefined ? {} : { boundPort }),
    transport,
    chains: [...byName.values()].sort((left, right) => (left.name < right.name ? -1 : 1)),
  };
}

/** The chain of both: HTTP has one for all listeners of a socket. */
function shared(one: FilterChain, other: FilterChain): FilterChain {
  const { gateway, ...rest } = one;
  const origins = [...one.origins, ...other.origins];
  return gateway === undefined || gateway !== other.gateway ? { ...rest, origins } : { ...rest, gateway, origins };
}

/** The filter chains of one listener, with the routes that have its connections. */
export function chainsOf(
  listener: GatewayListener,
  streams: readonly StreamEntry[],
  tracing: Tracing | undefined,
  accessLogs: readonly AccessLog[] | undefined,
): readonly FilterChain[] {
  const { socket, hostname, protocol, chain } = listener;
  const common = {
    gateway: listener.gateway.key,
    ...(accessLogs !== undefined && { accessLogs }),
    origins: [listener.origin],
  };
  if (chain !== undefined) {
    return [
      {
        kind: "http",
        name: chain,
        serverNames: protocol === "HTTPS" ? serverNames(hostname) : [],
        ...(protocol === "HTTPS" ? { tls: { ...termination(listener), alpn: ["h2", "http/1.1"] } } : {}),
        ...(tracing === undefined ? {} : { tracing }),
        ...common,
      },
    ];
  }
  if (protocol === "TLS") {
    // The listener's own name without a route is there to close the connection, and gives way to a route with that name.
    const names = new Set([...streams.map((entry) => entry.serverName), hostname]);
    return [...names].map((serverName) => {
      const cluster = winner(streams.filter((entry) => entry.serverName === serverName));
      return {
        kind: "stream",
        name: chainName(socket, serverName),
        serverNames: serverNames(serverName),
        ...(listener.tlsMode === "Terminate" ? { tls: { ...termination(listener), alpn: [] } } : {}),
        ...(cluster === undefined ? {} : { cluster }),
        ...common,
      };
    });
  }
  const cluster = winner(streams);
  return [
    {
      kind: protocol === "UDP" ? "datagram" : "stream",
      name: chainName(socket),
      serverNames: [],
      ...(cluster === undefined ? {} : { cluster }),
      ...common,
    },
  ];
}

/** Whether a socket is one Gateway's: its proxy's, which has its name then, or its own in a shared fleet. */
export function servesAlone(gateway: string, { proxy, gateway: own }: Socket): boolean {
  return gateway === (own ?? proxy);
}

function termination({ certificates, parameters, clients }: GatewayListener): Omit<TlsTermination, "alpn"> {
  return {
    certificates: certificates.map(certificateName),
    ...(parameters === undefined ? {} : { parameters }),
    ...(clients === undefined ? {} : { clients }),
  };
}

function serverNames(hostname: string): readonly string[] {
  return hostname === anyHostname ? [] : [hostname];
}

/** Gateway API, conflicts: of several routes for the same connections, the more specific, then the oldest, has them all. */
function winner(streams: readonly StreamEntry[]): string | undefined {
  return [...streams].sort(
    (left, right) =>
      compareSpecificity(left.original, right.original) || compareSeniority(left.seniority, right.seniority),
  )[0]?.cluster;
}
