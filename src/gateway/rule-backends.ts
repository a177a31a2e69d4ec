import type { Reader } from "../collections/collection.ts";
import type { ForwardAction, RespondAction, WeightedDestination } from "../ir/rule.ts";
import type { HTTPBackendRef, HTTPRouteFilter } from "../resources/generated/gateway-api.ts";
import type { FieldPath, Origin } from "../resources/origin.ts";

import { type BackendContext, type BackendTarget, clusterName, type ResolvedBackend } from "./backend.ts";
import { type CompiledFilters, compileBackendFilters, type FilterRefusal } from "./filters/filters.ts";
import type { UnenforcedField } from "./not-enforced.ts";
import type { PolicyTarget } from "./policy-target.ts";

import type { Problem } from "./problem.ts";
import { resolveBackend } from "./resolve-backend.ts";
import type { Route } from "./route.ts";
import { backendSession, type RuleSession, sessionFieldsNotEnforced } from "./session-persistence.ts";

/** A weighted backend, whether it can be used or not. */
export interface RuleBackend {
  readonly destination: WeightedDestination;
  /** What a cluster is needed for: absent for a backend that gets nothing. */
  readonly target?: BackendTarget;
  readonly use?: PolicyTarget;
  readonly problem?: Problem;
  readonly refusals: readonly FilterRefusal[];
  /** Whether it says itself how its sessions are kept. */
  readonly keepsSessions: boolean;
}

type Reference = Omit<HTTPBackendRef, "filters"> & { readonly filters?: readonly HTTPRouteFilter[] };

/** Resolves a rule's backends with the filters on each. */
export function ruleBackends(
  reader: Reader,
  context: BackendContext,
  route: Route,
  references: readonly Reference[],
  session: RuleSession | undefined,
  prefix: string,
  origin: Origin,
): readonly RuleBackend[] {
  const weighted = references.filter(({ weight }) => weight > 0).length > 1;
  return references.map((reference, index): RuleBackend => {
    const here: Origin = { ...origin, path: origin.path.concat("backendRefs", index) };
    const resolved = resolveBackend(reader, context, route.kind, route.reference.namespace, reference, here);
    const filters: CompiledFilters = compileBackendFilters(
      reader,
      context,
      route,
      reference.filters ?? [],
      prefix,
      here,
    );
    const usable = resolved.target !== undefined && filters.refusals.length === 0;
    return {
      destination: {
        ...(usable ? { cluster: clusterName(resolved.target) } : {}),
        weight: reference.weight,
        ...(filters.requestHeaders === undefined ? {} : { requestHeaders: filters.requestHeaders }),
        ...(filters.responseHeaders === undefined ? {} : { responseHeaders: filters.responseHeaders }),
        ...(filters.rewrite === undefined ? {} : { rewrite: filters.rewrite }),
        ...(usable ? sessionOf(reader, context, resolved, session, weighted) : {}),
        origin: here,
      },
      ...(usable && reference.weight > 0 ? { target: resolved.target } : {}),
      ...(resolved.use === undefined ? {} : { use: resolved.use }),
      ...(resolved.problem === undefined ? {} : { problem: resolved.problem }),
      refusals: filters.refusals,
      keepsSessions: resolved.target !== undefined && resolved.sessionPersistence !== undefined,
    };
  });
}

function sessionOf(
  { fetch }: Reader,
  { sessions }: BackendContext,
  resolved: ResolvedBackend & { readonly target: BackendTarget },
  ofRule: RuleSession | undefined,
  weighted: boolean,
): Pick<WeightedDestination, "sessionPersistence"> {
  const { backend } = resolved.target;
  const ofBackend = resolved.sessionPersistence;
  const session = backendSession({ backend, ofBackend, ofRule, ofPolicy: fetch(sessions, backend), weighted });
  return session === undefined ? {} : { sessionPersistence: session };
}

/**
 * What a rule says of sessions without effect: what Envoy can't do; a cookie or header of one name for several backends, each of which
 * forgets the others' session; and what a backend says otherwise itself.
 *
 * @param path of the rule
 */
export function sessionsNotEnforced(
  session: RuleSession | undefined,
  backends: readonly RuleBackend[],
  path: FieldPath,
): readonly UnenforcedField[] {
  const served = new Map(
    backends.flatMap(({ destination, target }) => (target ? [[clusterName(target), destination]] : [])),
  );
  const names = [...served.values()].map(({ sessionPersistence: kept }) => kept && `${kept.kind} ${kept.name}`);
  const shared = names.filter((name, index) => name !== undefined && names.indexOf(name) !== index);
  return [
    ...sessionFieldsNotEnforced(session?.spec, [...path, "sessionPersistence"]),
    ...backends.flatMap(({ keepsSessions }, index) =>
      keepsSessions && session !== undefined
        ? [
            {
              path: [...path, "sessionPersistence"],
              part: `backendRefs[${index}] has its own`,
              because: "What a backend says of its sessions counts.",
            },
          ]
        : [],
    ),
    ...[...new Set(shared)].map((name) => ({
      path: [...path, "backendRefs"],
      part: `several share the ${name}, and each ends the others' sessions`,
      because: "Leave out the name, and each backend has one of its own.",
    })),
  ];
}

/**
 * Gateway API, HTTPRouteRule.backendRefs: without any, or with none of a weight above 0, requests get 500; so does the
 * share of one that can't be used. GRPCRouteRule.backendRefs asks for UNAVAILABLE instead, which is 503 over HTTP.
 */
export function forward(
  backends: readonly RuleBackend[],
  unresolved: 500 | 503,
  rest: Omit<ForwardAction, "kind" | "destinations">,
): ForwardAction | RespondAction {
  const destinations = backends.map((backend) => backend.destination).filter((destination) => destination.weight > 0);
  if (destinations.length === 0) return { kind: "respond", statusCode: unresolved, reason: "no_backend" };
  if (destinations.every((destination) => destination.cluster === undefined)) {
    return { kind: "respond", statusCode: unresolved, reason: "backend_not_resolved" };
  }
  // What `filter` made has room for more than it holds, and is kept for as long as the route is.
  return { kind: "forward", destinations: destinations.slice(), ...rest };
}
