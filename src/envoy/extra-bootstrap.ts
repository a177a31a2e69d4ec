import { create, fromJson, type JsonValue } from "@bufbuild/protobuf";
import {
  type Bootstrap,
  Bootstrap_StaticResourcesSchema,
  BootstrapSchema,
  LayeredRuntimeSchema,
} from "./generated/envoy/config/bootstrap/v3/bootstrap_pb.ts";
import { OverloadManagerSchema } from "./generated/envoy/config/overload/v3/overload_pb.ts";
import { registry } from "./generated/registry.ts";

/**
 * What somebody adds to a bootstrap, or what is wrong with it, in words.
 *
 * @param extra a part of `envoy.config.bootstrap.v3.Bootstrap`, as JSON
 */
export function readExtraBootstrap(extra: unknown): { readonly bootstrap: Bootstrap } | { readonly problem: string } {
  if (!isJson(extra)) return { problem: "it is no object." };
  try {
    const bootstrap = fromJson(BootstrapSchema, extra, { registry });
    const field = owned.find(([, has]) => has(bootstrap))?.[0];
    return field === undefined
      ? { bootstrap }
      : { problem: `${field} is Gatewright's own: by it, proxies are configured, observed and drained. Remove it.` };
  } catch (error) {
    return {
      problem: `it is no part of Envoy's Bootstrap: ${error instanceof Error ? error.message : String(error)}.`,
    };
  }
}

/** It came out of a JSON parser, which its type does not say. */
function isJson(value: unknown): value is JsonValue {
  return typeof value === "object" && value !== null;
}

/** What decides who a proxy is, who configures it and what it tells of itself. */
const owned: readonly (readonly [field: string, has: (bootstrap: Bootstrap) => boolean])[] = [
  ["node", ({ node }) => node !== undefined],
  ["admin", ({ admin }) => admin !== undefined],
  ["dynamic_resources", ({ dynamicResources }) => dynamicResources !== undefined],
  ["stats_config", ({ statsConfig }) => statsConfig !== undefined],
  ["stats_eviction_interval", ({ statsEviction }) => statsEviction.case !== undefined],
  ["overload_manager.refresh_interval", ({ overloadManager }) => overloadManager?.refreshInterval !== undefined],
];

/**
 * Our bootstrap with what is added: clusters, listeners, secrets, runtime layers and resource monitors come after ours; any other
 * field is taken as it is.
 *
 * @returns what of the addition has the name of something of ours, in words, if anything has
 */
export function withExtra(
  ours: Bootstrap,
  extra: Bootstrap,
): { readonly bootstrap: Bootstrap } | { readonly problem: string } {
  const taken = lists.flatMap(([field, named]) => {
    const known = new Set(named(ours).map(({ name }) => name));
    return named(extra).flatMap(({ name }) => (known.has(name) ? [`${field} "${name}"`] : []));
  })[0];
  if (taken !== undefined) return { problem: `${taken} is Gatewright's own. Give yours another name.` };
  const { staticResources, layeredRuntime, overloadManager } = ours;
  const added = extra.overloadManager ?? create(OverloadManagerSchema);
  return {
    bootstrap: create(BootstrapSchema, {
      ...extra,
      ...(ours.node && { node: ours.node }),
      ...(ours.admin && { admin: ours.admin }),
      ...(ours.dynamicResources && { dynamicResources: ours.dynamicResources }),
      ...(ours.statsConfig && { statsConfig: ours.statsConfig }),
      statsEviction: ours.statsEviction,
      staticResources: create(Bootstrap_StaticResourcesSchema, {
        clusters: [...(staticResources?.clusters ?? []), ...(extra.staticResources?.clusters ?? [])],
        listeners: [...(staticResources?.listeners ?? []), ...(extra.staticResources?.listeners ?? [])],
        secrets: [...(staticResources?.secrets ?? []), ...(extra.staticResources?.secrets ?? [])],
      }),
      layeredRuntime: create(LayeredRuntimeSchema, {
        layers: [...(layeredRuntime?.layers ?? []), ...(extra.layeredRuntime?.layers ?? [])],
      }),
      overloadManager: create(OverloadManagerSchema, {
        ...added,
        ...(overloadManager?.refreshInterval && { refreshInterval: overloadManager.refreshInterval }),
        resourceMonitors: [...(overloadManager?.resourceMonitors ?? []), ...added.resourceMonitors],
      }),
    }),
  };
}

type Named = (bootstrap: Bootstrap) => readonly { readonly name: string }[];

const lists: readonly (readonly [field: string, named: Named])[] = [
  ["static_resources.clusters:", ({ staticResources }) => staticResources?.clusters ?? []],
  ["static_resources.listeners:", ({ staticResources }) => staticResources?.listeners ?? []],
  ["static_resources.secrets:", ({ staticResources }) => staticResources?.secrets ?? []],
  ["layered_runtime.layers:", ({ layeredRuntime }) => layeredRuntime?.layers ?? []],
  ["overload_manager.resource_monitors:", ({ overloadManager }) => overloadManager?.resourceMonitors ?? []],
];
