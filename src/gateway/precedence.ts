import type { RequestMatch } from "../ir/rule.ts";
import { compareSpecificity } from "./hostname.ts";
import type { GrpcMethod } from "./match.ts";

/** What decides between two routes that are equal otherwise. */
export interface Seniority {
  /** RFC 3339; absent in files that do not give it, which makes a route the newest. */
  readonly created: string | undefined;
  /** `namespace/name`. */
  readonly key: string;
}

/** Gateway API: "The oldest Route based on creation timestamp", then "first in alphabetical order by {namespace}/{name}". */
export function compareSeniority(left: Seniority, right: Seniority): number {
  if (left.created !== right.created) {
    if (left.created === undefined) return 1;
    if (right.created === undefined) return -1;
    const age = Date.parse(left.created) - Date.parse(right.created);
    if (age !== 0) return age;
  }
  return left.key < right.key ? -1 : left.key > right.key ? 1 : 0;
}

/** The one that counts where only one can. */
export function oldest<Kind extends Seniority>(of: readonly Kind[]): Kind {
  return of.reduce((left, right) => (compareSeniority(left, right) <= 0 ? left : right));
}

/** A match of a rule, with everything that its place in a host table depends on. */
export interface Competitor extends Seniority {
  /** The hostname that its route gave, before it was intersected with the listener's. */
  readonly hostname: string;
  readonly match: RequestMatch;
  readonly grpcMethod: GrpcMethod | undefined;
  readonly ruleIndex: number;
  readonly matchIndex: number;
}

/**
 * The order in which matches compete for a request: the first that matches wins.
 *
 * Gateway API, HTTPRouteRule.matches: the most specific hostname of the route; an Exact path, then the longest
 * PathPrefix; a method; the most header matches; the most query parameter matches; the oldest route; the alphabet; the
 * first rule of a route. GRPCRouteRule.matches: characters in the service, then in the method, then headers.
 *
 * The specification leaves open where RegularExpression stands. Here it is after Exact and before PathPrefix (and before
 * a GRPCRoute's match without a method), longer patterns first, as users of Envoy Gateway, Contour and Istio know it.
 */
export function compareCompetitors(left: Competitor, right: Competitor): number {
  return (
    compareSpecificity(left.hostname, right.hostname) ||
    compareMethods(left.grpcMethod, right.grpcMethod) ||
    pathRank[left.match.path.type] - pathRank[right.match.path.type] ||
    right.match.path.value.length - left.match.path.value.length ||
    Number(right.match.method !== undefined) - Number(left.match.method !== undefined) ||
    right.match.headers.length - left.match.headers.length ||
    right.match.queryParams.length - left.match.queryParams.length ||
    compareSeniority(left, right) ||
    left.ruleIndex - right.ruleIndex ||
    left.matchIndex - right.matchIndex
  );
}

const pathRank = { Exact: 0, RegularExpression: 1, PathPrefix: 2 } as const;

function compareMethods(left: Competitor["grpcMethod"], right: Competitor["grpcMethod"]): number {
  if (left === undefined || right === undefined) return 0;
  return (
    methodRank(left) - methodRank(right) ||
    right.service.length - left.service.length ||
    right.method.length - left.method.length
  );
}

function methodRank({ service, method, exact }: GrpcMethod): number {
  if (service === "" && method === "") return 2;
  return exact ? 0 : 1;
}
