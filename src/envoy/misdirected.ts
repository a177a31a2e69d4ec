import { create } from "@bufbuild/protobuf";
import { ScopedRouteConfigurationSchema } from "./generated/envoy/config/route/v3/scoped_route_pb.ts";
import { resource } from "./message.ts";
import type { EnvoyResource } from "./resource.ts";
import { SCOPE_HEADER } from "./scope.ts";

/** Key of the one table that all chains of a proxy share; no chain has this name. */
export const MISDIRECTED = "misdirected/*";

/**
 * Answers a request that came over a TLS connection made for another listener's hostname with 421, upon which a client tries
 * again on a connection of its own.
 *
 * Gateway API, Listener.hostname: 421 if another listener of the port covers the host better, or alone; RFC 9110, 15.5.20.
 */
export function misdirectedResource(proxy: string): EnvoyResource {
  const scope = create(ScopedRouteConfigurationSchema, {
    name: MISDIRECTED,
    key: { fragments: [{ type: { case: "stringKey", value: MISDIRECTED } }] },
    routeConfiguration: {
      name: MISDIRECTED,
      requestHeadersToRemove: [SCOPE_HEADER],
      virtualHosts: [
        {
          name: "misdirected",
          domains: ["*"],
          routes: [
            {
              name: "421",
              match: { pathSpecifier: { case: "prefix", value: "/" } },
              action: { case: "directResponse", value: { status: 421 } },
            },
          ],
        },
      ],
    },
  });
  return resource(proxy, MISDIRECTED, ScopedRouteConfigurationSchema, scope);
}
