import { create } from "@bufbuild/protobuf";
import type { HostTable } from "../ir/host-table.ts";
import { listenerAuth } from "./external-auth.ts";
import { FIX, fixDisabled } from "./fix.ts";
import {
  type ScopedRouteConfiguration,
  ScopedRouteConfigurationSchema,
} from "./generated/envoy/config/route/v3/scoped_route_pb.ts";
import { resource } from "./message.ts";
import type { Options } from "./options.ts";
import type { EnvoyResource } from "./resource.ts";
import { routes } from "./rule.ts";
import { SCOPE_HEADER, scopeKey } from "./scope.ts";

/** One table as one scope with its routes inside: what changes in it is sent by itself, and costs Envoy what it weighs. */
export function hostTableResource(table: HostTable, options: Options): EnvoyResource {
  const scope = scopedRouteConfiguration(table, options);
  return resource(table.proxy, scope.name, ScopedRouteConfigurationSchema, scope, {
    clusters: clustersOf(table),
  });
}

/**
 * @see hostTableResource
 *
 * The last route answers 404, so that a path which no rule matches ends here and does not fall through to a wildcard's table.
 */
export function scopedRouteConfiguration(table: HostTable, options: Options): ScopedRouteConfiguration {
  const key = scopeKey(table.chain, table.hostname);
  const exact = !table.hostname.startsWith("*");
  return create(ScopedRouteConfigurationSchema, {
    name: key,
    key: { fragments: [{ type: { case: "stringKey", value: key } }] },
    routeConfiguration: {
      name: key,
      requestHeadersToRemove: [SCOPE_HEADER],
      // Some clusters never exist, on purpose; that the others do is seen to by the order of delivery.
      validateClusters: false,
      typedPerFilterConfig: {
        ...(exact && { [FIX]: fixDisabled }),
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
