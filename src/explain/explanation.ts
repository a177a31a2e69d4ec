import type { ResourceReference, SourceLocation } from "../resources/origin.ts";

/**
 * Why a request gets the answer that it gets. Plain data: it is what `--output json` prints and the admin API sends. Parts
 * that the request never came to are absent.
 */
export interface Explanation {
  readonly request: ExplainedRequest;
  readonly answer: Answer;
  readonly listener?: ListenerStep;
  readonly host?: HostStep;
  readonly path?: PathStep;
  readonly rule?: RuleStep;
  /** Where the request may go, and with which chance. */
  readonly backends?: readonly BackendStep[];
  /** What could have been meant and lost, the nearest first. */
  readonly candidates: readonly Candidate[];
  /** What else there is to know, in sentences. */
  readonly notes: readonly string[];
}

/** Where something is written. */
export interface Place {
  readonly resource: ResourceReference;
  /** `spec.rules[0].matches[1]`; empty for the object as a whole. */
  readonly field: string;
  /** Absent for what comes from a cluster. */
  readonly location?: SourceLocation;
}

export interface ExplainedRequest {
  /** Absent for a connection without HTTP. */
  readonly method?: string;
  readonly url: string;
  readonly headers: readonly string[];
  /** SNI of the TLS connection. */
  readonly serverName?: string;
  readonly clientAddress?: string;
}

/**
 * `backend`: it goes to one. `redirect`, `response`: a rule says so. `none`: no rule is for it, or none can be asked, and
 * the proxy answers by itself; without a status the connection is closed.
 */
export interface Answer {
  readonly by: "backend" | "redirect" | "response" | "none";
  readonly statusCode?: number;
  /** gRPC calls get their errors as a status of gRPC, with 200 over HTTP. */
  readonly grpcStatus?: number;
  readonly location?: string;
  /** One sentence. */
  readonly message: string;
}

export interface ListenerStep {
  /** `127.0.0.1:8080` or `*:80`, as the proxy listens. */
  readonly address: string;
  readonly transport: "TCP" | "UDP";
  /** Of the filter chain: a port may have several, told apart by server name. */
  readonly chain: string;
  readonly serverNames: readonly string[];
  /** What is spoken there: `HTTP`, `HTTPS`, `TLS`, `TCP` or `UDP`. */
  readonly protocol: string;
  /** The Gateways' listeners that it is made from; the first is the one whose hostname covers the request best. */
  readonly listeners: readonly ListenerName[];
}

export interface ListenerName {
  readonly name: string;
  readonly gateway: string;
  readonly hostname: string;
  readonly place: Place;
}

export interface HostStep {
  /** As the client sends it. */
  readonly host: string;
  /** Of the table that serves it: a name, a wildcard, or `*`. */
  readonly table: string;
  readonly message: string;
}

export interface PathStep {
  /** As the client sends it. */
  readonly asked: string;
  /** As rules see it. */
  readonly path: string;
  readonly changes: readonly string[];
}

export interface RuleStep {
  /** `HTTPRoute shop/cart, rule 0`. */
  readonly name: string;
  readonly match: string;
  readonly place: Place;
  /** What happens to the request, in order. */
  readonly steps: readonly RuleAction[];
}

/** One thing that a rule does. */
export interface RuleAction {
  readonly message: string;
  readonly place?: Place;
}

export interface BackendStep {
  /** `Service shop/cart:80`, or what the reference says where there is none. */
  readonly name: string;
  readonly weight: number;
  /** Rounded to a hundredth. */
  readonly percent: number;
  readonly place: Place;
  /** Of the request as it goes out. */
  readonly host?: string;
  readonly path?: string;
  readonly endpoints: readonly BackendEndpoint[];
  /** How it is spoken to, where a policy or its Service says so. */
  readonly policies: readonly RuleAction[];
  /** Why this share is not served. */
  readonly problem?: string;
}

export interface BackendEndpoint {
  readonly address: string;
  readonly state: "ready" | "draining" | "not ready" | "by DNS";
}

/**
 * Something that lost.
 *
 * - `rule`: a rule of the same host table. - `route`: a route that is attached elsewhere or nowhere.
 * - `listener`: a listener that is not served, or on another port. - `document`: something that was refused when it was read.
 */
export interface Candidate {
  readonly kind: "rule" | "route" | "listener" | "document";
  readonly name: string;
  /** Why, for machines. */
  readonly reason: CandidateReason;
  /** Why, as the rest of a sentence about it. */
  readonly message: string;
  readonly place: Place;
}

export type CandidateReason =
  | "does-not-match"
  | "comes-later"
  | "less-specific-host"
  | "other-host"
  | "other-listener"
  | "not-attached"
  | "not-served"
  | "not-accepted";
