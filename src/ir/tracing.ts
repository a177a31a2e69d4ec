import type { Header } from "./rule.ts";

/** Gateway API, XTelemetryPolicy.spec.tracing, where it is enabled: a span of every request that is chosen, sent over OTLP. */
export interface Tracing {
  readonly collector: TraceCollector;
  /** The resource attribute `service.name`. */
  readonly serviceName: string;
  readonly spanName?: string;
  /** The share of traces that begin here. */
  readonly sampling: Share;
  /**
   * The share of those that a client's `traceparent` says are recorded; what it says is not recorded is not. Absent: what
   * clients say does not count, and `sampling` decides on theirs, too.
   */
  readonly samplingOfParents?: Share;
  readonly attributes: readonly SpanAttribute[];
}

export interface TraceCollector {
  /** Name of the cluster. */
  readonly cluster: string;
  readonly protocol: "gRPC" | "HTTP";
  /** What exports say as their Host. */
  readonly authority: string;
  /** Sent with every export, but for the Host. Names are lower-case. */
  readonly headers: readonly Header[];
}

export interface Share {
  readonly numerator: number;
  readonly denominator: number;
}

/** A header of the request, else of the response; absent where both lack it. */
export type SpanAttribute = { readonly name: string } & (
  | { readonly kind: "literal"; readonly value: string }
  | { readonly kind: "header"; readonly header: string }
  | { readonly kind: "requestHeader"; readonly header: string }
  | { readonly kind: "responseHeader"; readonly header: string }
  | { readonly kind: "standard"; readonly key: StandardAttribute }
);

/** Attributes of OpenTelemetry's semantic conventions that Envoy can tell exactly as those define them. */
export const standardAttributes = [
  "client.address",
  "client.port",
  "http.request.body.size",
  "http.request.method",
  "http.response.body.size",
  "http.response.status_code",
  "network.local.address",
  "network.local.port",
  "network.peer.address",
  "network.peer.port",
  "tls.cipher",
  "tls.client.issuer",
  "tls.client.server_name",
  "tls.client.subject",
  "url.full",
  "url.path",
  "url.query",
  "url.scheme",
  "user_agent.original",
] as const;

export type StandardAttribute = (typeof standardAttributes)[number];
