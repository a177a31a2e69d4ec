import { create } from "@bufbuild/protobuf";
import type { HostTable } from "../ir/host-table.ts";
import type { RequestMatch, Rule } from "../ir/rule.ts";
import type { Origin } from "../resources/origin.ts";
import { contentId } from "./content-id.ts";
import { listenerAuth } from "./external-auth.ts";
import {
  type ScopedRouteConfiguration,
  ScopedRouteConfigurationSchema,
} from "./generated/envoy/config/route/v3/scoped_route_pb.ts";
import { idleFilters } from "./idle-filters.ts";
import { resource } from "./message.ts";
import type { Options } from "./options.ts";
import type { EnvoyResource, Parts, Substitution } from "./resource.ts";
import { routes } from "./rule.ts";
import { SCOPE_HEADER, scopeKey } from "./scope.ts";

/** One table as one scope with its routes inside: what changes in it is sent by itself, and costs Envoy what it weighs. */
export function hostTableResource(table: HostTable, options: Options): EnvoyResource {
  return { ...named(scopeKey(table.chain, table.hostname), table, options), parts: () => partsOf(table, options) };
}

function named(name: string, table: HostTable, options: Options, clusters = clustersOf(table)): EnvoyResource {
  const scope = scopedRouteConfiguration(table, options, name);
  return resource(table.proxy, name, ScopedRouteConfigurationSchema, scope, { clusters });
}

/**
 * A table's parts are its rules. One that is refused answers 500; one whose match is refused is dropped, since nobody can say
 * which requests are its own.
 */
function partsOf(table: HostTable, options: Options): Parts {
  const rules = table.rules.map((rule) => ({ id: contentId(rule), rule }));
  const only = (by: ReadonlyMap<string, Substitution>, otherwise: Substitution): readonly Rule[] =>
    rules.flatMap(({ id, rule }) => substituted(rule, by.get(id) ?? otherwise));
  const key = scopeKey(table.chain, table.hostname);
  const { authorizations: _none, ...bare } = table;
  return {
    all: rules.map(({ id, rule }) => ({ id, origins: [rule.origin] })),
    substitute: (by) => named(key, { ...table, rules: only(by, 0) }, options),
    // No chain's name begins like this, so no request has its key. It serves nobody, and so waits for no cluster.
    probe: (parts) => named(`~/${key}`, { ...table, rules: only(parts, 2) }, options, []),
    get minimal() {
      return named(key, { ...bare, rules: [refused("every request", anyRequest, table.rules[0]?.origin)] }, options);
    },
  };
}

const anyRequest: RequestMatch = { path: { type: "PathPrefix", value: "/" }, headers: [], queryParams: [] };

function substituted(rule: Rule, by: Substitution): readonly Rule[] {
  if (by === 0) return [rule];
  return by === 1 ? [refused(rule.name, rule.match, rule.origin)] : [];
}

function refused(name: string, match: RequestMatch, origin: Origin = nowhere): Rule {
  return { name, match, origin, action: { kind: "respond", statusCode: 500, reason: "refused_by_envoy" } };
}

const nowhere: Origin = { resource: { group: "", kind: "", name: "" }, path: [] };

/**
 * @see hostTableResource
 *
 * The last route answers 404, so that a path which no rule matches ends here and does not fall through to a wildcard's table.
 */
export function scopedRouteConfiguration(
  table: HostTable,
  options: Options,
  key = scopeKey(table.chain, table.hostname),
): ScopedRouteConfiguration {
  return create(ScopedRouteConfigurationSchema, {
    name: key,
    key: { fragments: [{ type: { case: "stringKey", value: key } }] },
    routeConfiguration: {
      name: key,
      requestHeadersToRemove: [SCOPE_HEADER],
      // Some clusters never exist, on purpose; that the others do is seen to by the order of delivery.
      validateClusters: false,
      typedPerFilterConfig: {
        ...idleFilters(table),
        ...listenerAuth(table.authorizations ?? []),
      },
      virtualHosts: [
        {
          name: table.hostname,
          domains: ["*"],
          routes: [
            ...table.rules.flatMap((rule) => routes(rule, table.hostname, options)),
            {
              name: "404",
              match: { pathSpecifier: { case: "prefix", value: "/" } },
              action: { case: "directResponse", value: { status: 404 } },
            },
          ],
        },
      ],
    },
  });
}

/** Clusters that requests are sent to, in order. */
function clustersOf({ authorizations, rules }: HostTable): readonly string[] {
  const names = new Set((authorizations ?? []).map(({ cluster }) => cluster));
  for (const { action, externalAuth } of rules) {
    if (externalAuth !== undefined) names.add(externalAuth.cluster);
    if (action.kind !== "forward") continue;
    for (const { cluster, weight } of action.destinations) if (cluster !== undefined && weight > 0) names.add(cluster);
    for (const { cluster } of action.mirrors) names.add(cluster);
  }
  return [...names].sort();
}
