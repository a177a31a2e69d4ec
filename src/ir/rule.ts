import type { Origin } from "../resources/origin.ts";

/** How a value is compared. Exact is byte for byte; RegularExpression is RE2 and must match the whole value. */
export interface ValueMatch {
  readonly name: string;
  readonly type: "Exact" | "RegularExpression";
  readonly value: string;
}

/**
 * PathPrefix compares whole path elements: `/a` matches `/a` and `/a/b`, not `/ab`.
 * RegularExpression is RE2 and must match the whole path, without the query.
 */
export interface PathMatch {
  readonly type: "Exact" | "PathPrefix" | "RegularExpression";
  readonly value: string;
}

/** All parts must hold. Header names are lower-case. */
export interface RequestMatch {
  readonly path: PathMatch;
  readonly method?: string;
  readonly headers: readonly ValueMatch[];
  readonly queryParams: readonly ValueMatch[];
  /** Only requests whose content type is gRPC's. */
  readonly grpc?: boolean;
}

export interface Header {
  readonly name: string;
  readonly value: string;
}

/** Gateway API, HTTPHeaderFilter: `set` overwrites, `add` appends, `remove` deletes. */
export interface HeaderModifier {
  readonly set: readonly Header[];
  readonly add: readonly Header[];
  readonly remove: readonly string[];
}

/** ReplacePrefixMatch carries the prefix that the rule matched, which is what it replaces. */
export type PathModifier =
  | { readonly type: "ReplaceFullPath"; readonly value: string }
  | { readonly type: "ReplacePrefixMatch"; readonly prefix: string; readonly value: string };

export interface Rewrite {
  readonly hostname?: string;
  readonly path?: PathModifier;
}

/**
 * A share of a rule's traffic. `cluster` is absent where the reference could not be resolved or may not be used: that
 * share is answered with 500, as HTTPRouteRule.backendRefs asks, and of a gRPC match with UNAVAILABLE (503 over HTTP).
 */
export interface WeightedDestination {
  readonly cluster?: string;
  readonly weight: number;
  readonly requestHeaders?: HeaderModifier;
  readonly responseHeaders?: HeaderModifier;
  readonly rewrite?: Rewrite;
  /** Kept within the destination, after it was chosen by its weight. */
  readonly sessionPersistence?: SessionPersistence;
  readonly origin: Origin;
}

/** A copy of the request goes to `cluster`; its answer is thrown away. */
export interface Mirror {
  readonly cluster: string;
  readonly fraction: { readonly numerator: number; readonly denominator: number };
  readonly origin: Origin;
}

export interface Retry {
  readonly codes: readonly number[];
  readonly attempts: number;
  readonly backoffMilliseconds?: number;
}

/** Milliseconds; 0 means no limit. */
export interface Timeouts {
  readonly requestMilliseconds?: number;
  readonly backendRequestMilliseconds?: number;
}

/** Gateway API, HTTPCORSFilter. */
export interface Cors {
  readonly allowOrigins: readonly string[];
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly allowCredentials: boolean;
  readonly maxAgeSeconds: number;
}

/**
 * Requests of one session go to one endpoint, as long as it is healthy; the client brings what tells which. A cookie without
 * a lifetime is gone with the client's session.
 */
export type SessionPersistence =
  | {
      readonly kind: "cookie";
      readonly name: string;
      readonly path: string;
      readonly lifetimeMilliseconds?: number;
      /** Only sent back over TLS. */
      readonly secure?: true;
    }
  | { readonly kind: "header"; readonly name: string };

/**
 * Gateway API, HTTPExternalAuthFilter: a request goes on only if the service in `cluster` says so.
 *
 * Header names are lower-case. Without `requestHeaders`, GRPC sends all, and HTTP none but those that it always sends. Without
 * `responseHeaders`, all headers of the answer are added to the request.
 */
export interface ExternalAuth {
  readonly protocol: "HTTP" | "GRPC";
  readonly cluster: string;
  readonly pathPrefix?: string;
  readonly requestHeaders: readonly string[];
  readonly responseHeaders: readonly string[];
  /** The largest body that is sent along; requests with more are refused. Absent: none is sent. */
  readonly bodyBytes?: number;
  readonly origin: Origin;
}

export interface ForwardAction {
  readonly kind: "forward";
  /** At least one with a weight above 0. */
  readonly destinations: readonly WeightedDestination[];
  readonly rewrite?: Rewrite;
  readonly mirrors: readonly Mirror[];
  readonly timeouts?: Timeouts;
  readonly retry?: Retry;
}

/**
 * Gateway API, HTTPRequestRedirectFilter. Absent parts stay as in the request. `port` is final: the specification's
 * rules for an absent one are already applied, and the scheme's well-known port is left out of the Location.
 */
export interface RedirectAction {
  readonly kind: "redirect";
  readonly scheme?: string;
  readonly hostname?: string;
  readonly port?: number;
  readonly path?: PathModifier;
  readonly statusCode: 301 | 302 | 303 | 307 | 308;
}

/** A fixed answer. `reason` becomes the response code details, which access logs and `explain` show. */
export interface RespondAction {
  readonly kind: "respond";
  readonly statusCode: number;
  readonly reason: string;
}

/** One match and what happens to a request that it matches. */
export interface Rule {
  /** Stable name for logs and statistics: kind, namespace, name and rule. */
  readonly name: string;
  /** `namespace/name` of the Gateway, where its proxy serves others, too. */
  readonly gateway?: string;
  /** What the match names exactly of a gRPC call: bounded names for statistics, where those of requests are the clients'. */
  readonly grpcMethod?: { readonly service?: string; readonly method?: string };
  readonly match: RequestMatch;
  readonly requestHeaders?: HeaderModifier;
  readonly responseHeaders?: HeaderModifier;
  readonly cors?: Cors;
  readonly externalAuth?: ExternalAuth;
  readonly action: ForwardAction | RedirectAction | RespondAction;
  readonly origin: Origin;
}
