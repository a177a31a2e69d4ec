import type { Origin } from "../resources/origin.ts";
import type { TlsParameters } from "./tls-parameters.ts";

/**
 * A backend that a proxy can send to: one per (backend, port, policy), shared by every rule that names it.
 * The name comes from the content alone, never from a rule or its index.
 */
export interface Cluster {
  readonly proxy: string;
  readonly name: string;
  /** `endpoints`: the {@link EndpointSet} of that name. `dns`: whatever addresses the hostname has (an ExternalName Service, an XBackend of type ExternalHostname).
   * `groups`: of a weighted TCP, TLS or UDP rule of whose endpoints some are hostnames. */
  readonly discovery:
    | { readonly kind: "endpoints"; readonly endpoints: string }
    | { readonly kind: "dns"; readonly hostname: string; readonly port: number }
    | { readonly kind: "groups"; readonly groups: readonly EndpointGroup[] };
  /** What is spoken to the backend. "TCP" and "UDP" carry bytes as they are. */
  readonly protocol: "HTTP/1.1" | "HTTP/2" | "TCP" | "UDP";
  /** Wraps every connection in TLS. */
  readonly tls?: UpstreamTls;
  /** Wraps connections to some of the endpoints in TLS, by the `tls` of their groups. */
  readonly tlsByGroup?: Readonly<Record<string, UpstreamTls>>;
  /** Limits retries; absent where nobody asked for a limit. */
  readonly retryBudget?: RetryBudget;
  /** Which endpoints get requests; absent where every one that is ready does. */
  readonly health?: BackendHealth;
  readonly origin: Origin;
}

/** How a proxy finds out which endpoints answer. */
export interface BackendHealth {
  readonly outlierDetection?: OutlierDetection;
  readonly healthCheck?: HealthCheck;
}

/** Endpoints that have failed several times in a row get no requests for a while. */
export interface OutlierDetection {
  /** Answers with 500 to 599, and requests without an answer; 0 counts none. */
  readonly consecutive5xxErrors: number;
  /** Answers with 502, 503 and 504, and requests without an answer; 0 counts none. */
  readonly consecutiveGatewayErrors: number;
  readonly intervalMilliseconds: number;
  readonly baseEjectionMilliseconds: number;
  /** At least `baseEjectionMilliseconds`. */
  readonly maxEjectionMilliseconds: number;
  /** From which share of the endpoints on no further one is taken out. */
  readonly maxEjectionPercent: number;
}

/** Endpoints that don't answer a GET as expected get no requests. */
export interface HealthCheck {
  readonly path: string;
  /** The Host of the GET. */
  readonly hostname: string;
  /** In ascending order. */
  readonly expectedStatuses: readonly number[];
  readonly intervalMilliseconds: number;
  readonly timeoutMilliseconds: number;
  readonly unhealthyThreshold: number;
  readonly healthyThreshold: number;
}

/** TLS that starts at the proxy. */
export interface UpstreamTls {
  /** SNI; absent for the Host of the request. */
  readonly serverName?: string;
  readonly parameters?: TlsParameters;
  /** Offered in ALPN; absent for what the cluster speaks. */
  readonly alpn?: readonly string[];
  /** How the backend proves who it is; absent where nothing is verified (`appProtocol: https`). */
  readonly verification?: {
    /** Name of the {@link TrustBundle} whose authorities count. */
    readonly trust: string;
    /** The backend's certificate must have one of them. */
    readonly subjectAltNames: readonly SubjectAltName[];
  };
  /** Name of the {@link TlsCertificate} that is shown to a backend which asks for one. */
  readonly clientCertificate?: string;
}

/**
 * Gateway API, RetryConstraint: a retry is let through as long as no more than `percent` of all requests in the last
 * `intervalMilliseconds`, retries among them, are retries; and so are `minimum.count` retries in any
 * `minimum.intervalMilliseconds`. Others are answered with 503.
 */
export interface RetryBudget {
  readonly percent: number;
  readonly intervalMilliseconds: number;
  readonly minimum: { readonly count: number; readonly intervalMilliseconds: number };
}

/** A hostname may start with "*." for any one label. */
export interface SubjectAltName {
  readonly type: "Hostname" | "URI";
  readonly value: string;
}

/** IPv4 or IPv6 address (or a hostname, where a cluster says so) and port, ready or draining. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
  /** Draining endpoints finish what they have and take new traffic only when no healthy one is left. */
  readonly health: "healthy" | "draining";
}

/** Endpoints that share a weight: one group for a Service, one group for each backend of a weighted TCP or UDP rule. */
export interface EndpointGroup {
  readonly weight: number;
  readonly endpoints: readonly Endpoint[];
  /** Key of the cluster's `tlsByGroup`; absent for a group that is spoken to without TLS. */
  readonly tls?: string;
}

/** Becomes one ClusterLoadAssignment. Endpoints are sorted, so that equal sets have equal bytes. */
export interface EndpointSet {
  readonly proxy: string;
  readonly name: string;
  readonly groups: readonly EndpointGroup[];
}
