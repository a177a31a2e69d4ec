import { create } from "@bufbuild/protobuf";
import type { Listener } from "../ir/listener.ts";
import { HeaderValueOption_HeaderAppendAction } from "./generated/envoy/config/core/v3/base_pb.ts";
import { FilterConfigSchema } from "./generated/envoy/config/route/v3/route_components_pb.ts";
import { ScopedRouteConfigurationSchema } from "./generated/envoy/config/route/v3/scoped_route_pb.ts";
import { HeaderMutationSchema } from "./generated/envoy/extensions/filters/http/header_mutation/v3/header_mutation_pb.ts";
import { LuaPerRouteSchema, LuaSchema } from "./generated/envoy/extensions/filters/http/lua/v3/lua_pb.ts";
import { ConfigSchema as SetFilterStateSchema } from "./generated/envoy/extensions/filters/http/set_filter_state/v3/set_filter_state_pb.ts";
import type { HttpFilterSchema } from "./generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { type Init, pack, resource } from "./message.ts";
import { MISDIRECTED } from "./misdirected.ts";
import type { EnvoyResource } from "./resource.ts";
import { SCOPE_HEADER, scopeKey, scopePrefix } from "./scope.ts";

/** Name of the two filters that lead a request which hit no table to {@link MISSED}. */
const MISS = "miss";

/** Name of the filter that runs the script, and of its entry in a table's per-filter configuration. */
const FIX = "fix";

/** Key of the one table that all chains of a proxy share for requests that hit none of their own; no chain has this name. */
export const MISSED = "~";

/**
 * Scope keys are exact. These filters do something only for a request that hit no exact table: they lead it to the table
 * {@link MISSED}, whose script points it at the table that serves it: the same host in lower case and without trailing dot, else the
 * longest wildcard, else `*`. On a TLS connection it may also find that the request is for a host of another chain: that one is
 * {@link misdirected}.
 *
 * The script is the table's, not the filter's, because a filter's own is compiled for every chain and thread, at 120 KB and more each.
 */
export function fixFilters(): Init<typeof HttpFilterSchema>[] {
  const missed = { key: SCOPE_HEADER, value: `${MISSED}:%REQ(${SCOPE_HEADER})%` };
  return [
    filter(
      MISS,
      pack(HeaderMutationSchema, {
        mutations: {
          requestMutations: [
            {
              action: {
                case: "append",
                value: {
                  header: missed,
                  appendAction: HeaderValueOption_HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD,
                },
              },
            },
          ],
        },
      }),
    ),
    filter(MISS, pack(SetFilterStateSchema, { clearRouteCache: true })),
    filter(FIX, pack(LuaSchema, { statPrefix: FIX })),
  ];
}

function filter(name: string, value: ReturnType<typeof pack>): Init<typeof HttpFilterSchema> {
  return { name, configType: { case: "typedConfig", value } };
}

/** What a table says of a filter that its requests don't need. */
export const disabled = pack(FilterConfigSchema, { disabled: true });

/** What an exact table says of {@link fixFilters}, so that a hit costs nothing. */
export const fixDisabled = { [MISS]: disabled, [FIX]: disabled };

/** A wildcard or catch-all table: `*.example.com` or `*`. */
export interface Wildcard {
  readonly chain: string;
  readonly hostname: string;
}

/** The SNI names of a listener with TLS, and the chain that each of them chooses; `*` for every other connection. */
export type ServerNames = ReadonlyMap<string, string>;

/** Undefined for a listener on which no HTTP is served over TLS. */
export function serverNamesOf({ chains }: Listener): ServerNames | undefined {
  if (!chains.some((chain) => chain.kind === "http" && chain.tls !== undefined)) return undefined;
  return new Map(
    chains.flatMap(({ name, serverNames }) =>
      serverNames.length === 0 ? [["*", name] as const] : serverNames.map((hostname) => [hostname, name] as const),
    ),
  );
}

/**
 * The table {@link MISSED}, whose script knows the wildcards and server names of all chains of a proxy. A new wildcard changes it, and
 * no listener. A scope goes out before the script that names it, and stays until the script no longer does.
 */
export function fixResource(
  proxy: string,
  wildcards: readonly Wildcard[],
  listeners: readonly ServerNames[],
): EnvoyResource {
  const override = {
    case: "sourceCode" as const,
    value: { specifier: { case: "inlineString" as const, value: fixScript(wildcards, listeners) } },
  };
  const scope = create(ScopedRouteConfigurationSchema, {
    name: MISSED,
    key: { fragments: [{ type: { case: "stringKey", value: MISSED } }] },
    routeConfiguration: {
      name: MISSED,
      requestHeadersToRemove: [SCOPE_HEADER],
      typedPerFilterConfig: { [FIX]: pack(LuaPerRouteSchema, { override }) },
      virtualHosts: [
        {
          name: "missed",
          domains: ["*"],
          routes: [
            {
              match: { pathSpecifier: { case: "prefix", value: "/" } },
              action: { case: "directResponse", value: { status: 404 } },
            },
          ],
        },
      ],
    },
  });
  const scopes = wildcards.filter(isNamed).map(({ chain, hostname }) => scopeKey(chain, hostname));
  return resource(proxy, MISSED, ScopedRouteConfigurationSchema, scope, {
    scopes: [...scopes, ...(listeners.length > 0 ? [MISDIRECTED] : [])].sort(),
  });
}

/** @see fixFilters */
export function fixScript(wildcards: readonly Wildcard[], listeners: readonly ServerNames[] = []): string {
  return `local wildcards = ${wildcardTable(wildcards)}
local names = {}
local function listener(own) for _, chain in pairs(own) do names[chain] = own end end
${listeners.map(namesOfListener).sort().join("")}${WALK}`;
}

/** By server name, the chain that it chooses: one table, shared by all chains of the listener. */
function namesOfListener(serverNames: ServerNames): string {
  const entries = [...serverNames].sort(([a], [b]) => (a < b ? -1 : 1));
  return `listener({\n${entries.map(([name, chain]) => `[${quote(name)}]=${quote(scopePrefix(chain))}`).join(",\n")}})\n`;
}

function wildcardTable(wildcards: readonly Wildcard[]): string {
  const domains = new Map<string, string[]>();
  for (const { chain, hostname } of wildcards.filter(isNamed)) {
    const prefix = scopePrefix(chain);
    const known = domains.get(prefix);
    if (known === undefined) domains.set(prefix, [hostname.slice(2)]);
    else known.push(hostname.slice(2));
  }
  const chains = [...domains]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([prefix, names]) => {
      const entries = [...new Set(names)].sort().map((name) => `[${quote(name)}]=true`);
      return `[${quote(prefix)}]={\n${entries.join(",\n")}}`;
    });
  return `{${chains.join(",\n")}}`;
}

/** Whether the script names the table; it knows without that every chain has a catch-all. */
function isNamed({ hostname }: Wildcard): boolean {
  return hostname.startsWith("*.");
}

function quote(text: string): string {
  return `"${text.replace(/[^a-zA-Z0-9._~/*-]/g, (character) => [...Buffer.from(character)].map(escapeByte).join(""))}"`;
}

function escapeByte(byte: number): string {
  return `\\${String(byte).padStart(3, "0")}`;
}

/**
 * Where listeners of earlier versions carry the scope. Tables are delivered before the listeners that need them, and connections of a
 * listener that was replaced are led by its old filters until they have drained: so the table that all share serves those, too.
 */
const EARLIER_SCOPE_HEADER = "x-gw-scope";

// One look-up of metadata() in a run of the script resolves the route; a second one does not. So only the retry of the exact host
// asks, and whatever comes after it leaves resolving to the next filter. Names longer than DNS allows are not walked.
const WALK = `
function envoy_on_request(handle)
  local headers = handle:headers()
  local carrier = "${SCOPE_HEADER}"
  if not string.find(headers:get(carrier) or "", "^${MISSED}:") then carrier = "${EARLIER_SCOPE_HEADER}" end
  local scope = string.gsub(headers:get(carrier) or "/", "^${MISSED}:", "")
  local slash = string.find(scope, "/", 1, true)
  local chain = string.sub(scope, 1, slash)
  local host = string.match(scope, "^[^:%[]*", slash + 1)
  local chosen = names[chain]
  local function serve(found)
    headers:replace(carrier, found)
    handle:clearRouteCache()
  end
  local function elsewhere(name)
    return chosen and chosen[name] and chosen[name] ~= chain
  end
  if host ~= "" and #host <= 254 then
    host = string.gsub(string.lower(host), "%.$", "")
    local exact = chain .. host
    if exact ~= string.match(scope, "^[^:]*") then
      serve(exact)
      handle:metadata()
      if handle:streamInfo():routeName() ~= "" then return end
    end
    if elsewhere(host) then return serve("${MISDIRECTED}") end
    local domains = wildcards[chain] or {}
    local dot = string.find(host, ".", 1, true)
    while dot do
      host = string.sub(host, dot + 1)
      if domains[host] then return serve(chain .. "*." .. host) end
      if elsewhere("*." .. host) then return serve("${MISDIRECTED}") end
      dot = string.find(host, ".", 1, true)
    end
  end
  if elsewhere("*") then return serve("${MISDIRECTED}") end
  serve(chain .. "*")
end
`;
