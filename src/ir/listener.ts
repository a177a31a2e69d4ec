import type { Origin } from "../resources/origin.ts";
import type { AccessLog } from "./access-log.ts";
import type { TlsParameters } from "./tls-parameters.ts";
import type { Tracing } from "./tracing.ts";

/** TLS that ends at the proxy. `certificates` name {@link TlsCertificate}s; SNI picks among them, the first is the default. */
export interface TlsTermination {
  readonly certificates: readonly string[];
  readonly alpn: readonly string[];
  readonly parameters?: TlsParameters;
  /** Asks clients for certificates. */
  readonly clients?: ClientValidation;
}

export interface ClientValidation {
  /** Name of the {@link TrustBundle} whose authorities count. */
  readonly trust: string;
  /** Turns away clients without a valid certificate; otherwise they are merely asked. */
  readonly required: boolean;
}

interface Chain {
  /** Unique in the proxy, without ":" (it is the first half of a scope key). Stays the same while its listeners do. */
  readonly name: string;
  /** SNI names that choose this chain; empty for every connection that no other chain of the listener takes. */
  readonly serverNames: readonly string[];
  readonly tls?: TlsTermination;
  /** `namespace/name` of the Gateway whose listeners these are; absent where those of several share the chain, and each {@link Rule} tells its own. */
  readonly gateway?: string;
  readonly accessLogs?: readonly AccessLog[];
  readonly origins: readonly Origin[];
}

/** HTTP; requests are served by the {@link HostTable}s of this chain's name. */
export interface HttpChain extends Chain {
  readonly kind: "http";
  readonly tracing?: Tracing;
}

/** Bytes of a TCP (or passed-through TLS) connection go to `cluster`; without one, the connection is closed. */
export interface StreamChain extends Chain {
  readonly kind: "stream";
  readonly cluster?: string;
}

/** Datagrams go to `cluster`; without one they are dropped. Only on UDP listeners, which have exactly one chain. */
export interface DatagramChain extends Chain {
  readonly kind: "datagram";
  readonly cluster?: string;
}

export type FilterChain = HttpChain | StreamChain | DatagramChain;

/** One socket that a proxy listens on. */
export interface Listener {
  readonly proxy: string;
  /** Key of the Gateway that has it to itself; absent where any Gateway of the proxy may share it. */
  readonly gateway?: string;
  /** From address, port and transport, and from {@link Listener.gateway}; never from a Gateway that shares it. */
  readonly name: string;
  /** IP address to bind; absent for all. */
  readonly address?: string;
  /** Bound besides `address`. */
  readonly additionalAddresses?: readonly string[];
  /** As the Gateway says, and as clients know it; an offset for local use is added where the socket is configured. */
  readonly port: number;
  /** What the proxy binds instead of `port`; whoever is in front of it (a Service) leads from one to the other. */
  readonly boundPort?: number;
  readonly transport: "TCP" | "UDP";
  /** Sorted by name. */
  readonly chains: readonly FilterChain[];
}
