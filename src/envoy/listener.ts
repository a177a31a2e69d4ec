import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { FilterChain, HttpChain, Listener, StreamChain } from "../ir/listener.ts";
import { contentId } from "./content-id.ts";
import { MISSED } from "./fix.ts";
import { AddressSchema, SocketAddress_Protocol } from "./generated/envoy/config/core/v3/address_pb.ts";
import {
  FilterChainSchema,
  type ListenerFilterSchema,
} from "./generated/envoy/config/listener/v3/listener_components_pb.ts";
import { type Listener as EnvoyListener, ListenerSchema } from "./generated/envoy/config/listener/v3/listener_pb.ts";
import { TlsInspectorSchema } from "./generated/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.ts";
import { HttpConnectionManagerSchema } from "./generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { TcpProxySchema } from "./generated/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.ts";
import { UdpProxyConfigSchema } from "./generated/envoy/extensions/filters/udp/udp_proxy/v3/udp_proxy_pb.ts";
import { httpConnectionManager } from "./http-connection-manager.ts";
import { type Init, pack, resource } from "./message.ts";
import type { Options } from "./options.ts";
import type { EnvoyResource, Parts, Substitution } from "./resource.ts";
import { tcpProxy } from "./stream.ts";
import { downstreamTls } from "./tls.ts";
import { udpProxy } from "./udp.ts";

const BUFFER_LIMIT = 32 * 1024;

/** One socket. Its bytes depend on sockets, server names and certificates' names, never on an HTTP route. */
export function listenerResource(listener: Listener, options: Options): EnvoyResource {
  const whole = named(listener, options);
  return listener.transport === "UDP" ? whole : { ...whole, parts: () => partsOf(listener, options) };
}

function named(listener: Listener, options: Options, bound = true): EnvoyResource {
  const clusters = listener.chains.flatMap(
    (chain) => (chain.kind === "http" ? chain.tracing?.collector.cluster : chain.cluster) ?? [],
  );
  const message = bound ? withEncodedChains(listener, options) : unbound(envoyListener(listener, options));
  return resource(listener.proxy, listener.name, ListenerSchema, message, {
    clusters: bound ? [...new Set(clusters)].sort() : [],
    scopes: bound && listener.chains.some(({ kind }) => kind === "http") ? [MISSED] : [],
  });
}

/**
 * A listener's parts are its chains. One that is refused closes its connections: left out, they would go to another chain, with
 * other routes and perhaps without a client's certificate. Nothing stands in for the whole: Envoy keeps the listener that it has.
 */
function partsOf(listener: Listener, options: Options): Parts {
  const chains = listener.chains.map((chain) => ({ id: contentId(chain), chain }));
  const only = (by: ReadonlyMap<string, Substitution>, otherwise: Substitution): readonly FilterChain[] =>
    chains.flatMap(({ id, chain }) => substituted(chain, by.get(id) ?? otherwise));
  return {
    all: chains.map(({ id, chain }) => ({ id, origins: chain.origins })),
    substitute: (by) => named({ ...listener, chains: only(by, 0) }, options),
    probe: (parts) => {
      const present = only(parts, 2);
      const name = `probe of ${listener.name}`;
      return named({ ...listener, name, chains: present.length > 0 ? present : [closed] }, options, false);
    },
  };
}

function substituted(chain: FilterChain, by: Substitution): readonly FilterChain[] {
  if (by === 0) return [chain];
  const { name, serverNames, origins } = chain;
  return by === 1 && chain.kind !== "datagram" ? [{ kind: "stream", name, serverNames, origins }] : [];
}

/** Envoy takes no listener without a chain. */
const closed: FilterChain = { kind: "stream", name: "closed", serverNames: [], origins: [] };

/** On no port, and on an address for documentation (RFC 5737), since two listeners on one address are refused. */
function unbound(listener: EnvoyListener): EnvoyListener {
  const address = { protocol: SocketAddress_Protocol.TCP, address: "192.0.2.2", portSpecifier: portZero };
  return create(ListenerSchema, {
    ...listener,
    bindToPort: false,
    additionalAddresses: [],
    address: create(AddressSchema, { address: { case: "socketAddress", value: address } }),
  });
}

const portZero = { case: "portValue" as const, value: 0 };

/**
 * The listener with its chains as bytes, of which those of a chain that was there before are not made again: a listener with thousands
 * of them is encoded at the cost of those that differ.
 */
function withEncodedChains(listener: Listener, options: Options): EnvoyListener {
  const message = create(ListenerSchema, withoutChains(listener, options));
  message.$unknown = connectionChains(listener).map((chain) => ({
    no: FILTER_CHAINS,
    wireType: WireType.LengthDelimited,
    data: encoded(chain, listener.name),
  }));
  return message;
}

/** Number of the field `filter_chains`. */
const FILTER_CHAINS = ListenerSchema.field.filterChains.number;

const encodings = new WeakMap<FilterChain, { readonly statPrefix: string; readonly data: Uint8Array }>();

/** A chain as the value of a field, its length before it. */
function encoded(chain: HttpChain | StreamChain, statPrefix: string): Uint8Array {
  const known = encodings.get(chain);
  if (known?.statPrefix === statPrefix) return known.data;
  const message = create(FilterChainSchema, filterChain(chain, statPrefix));
  const data = new BinaryWriter().bytes(toBinary(FilterChainSchema, message)).finish();
  encodings.set(chain, { statPrefix, data });
  return data;
}

/** Chains of a TCP socket, by name. */
function connectionChains({ transport, chains }: Listener): readonly (HttpChain | StreamChain)[] {
  if (transport === "UDP") return [];
  return chains
    .flatMap((chain) => (chain.kind === "datagram" ? [] : [chain]))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** @see listenerResource */
export function envoyListener(listener: Listener, options: Options): EnvoyListener {
  return create(ListenerSchema, {
    ...withoutChains(listener, options),
    filterChains: connectionChains(listener).map((chain) => filterChain(chain, listener.name)),
  });
}

function withoutChains(listener: Listener, options: Options): Init<typeof ListenerSchema> {
  const { chains } = listener;
  const init: Init<typeof ListenerSchema> = {
    name: listener.name,
    address: socketAddress(listener, listener.address ?? options.anyAddress, options),
    additionalAddresses: (listener.additionalAddresses ?? []).map((address) => ({
      address: socketAddress(listener, address, options),
    })),
    perConnectionBufferLimitBytes: BUFFER_LIMIT,
  };
  const datagrams = chains.find((chain) => chain.kind === "datagram");
  if (listener.transport === "UDP") {
    return {
      ...init,
      udpListenerConfig: {},
      listenerFilters:
        datagrams === undefined
          ? []
          : [
              filter(
                "envoy.filters.udp_listener.udp_proxy",
                pack(UdpProxyConfigSchema, udpProxy(datagrams, listener.name)),
              ),
            ],
    };
  }
  return {
    ...init,
    // Decided by TLS as such, not by the number of names: a listener whose listener filters change drains all its chains.
    listenerFilters: chains.some((chain) => chain.tls !== undefined || chain.serverNames.length > 0)
      ? [filter("envoy.filters.listener.tls_inspector", pack(TlsInspectorSchema, {}))]
      : [],
  };
}

function socketAddress(listener: Listener, address: string, options: Options): Init<typeof AddressSchema> {
  return {
    address: {
      case: "socketAddress",
      value: {
        protocol: listener.transport === "UDP" ? SocketAddress_Protocol.UDP : SocketAddress_Protocol.TCP,
        address,
        portSpecifier: { case: "portValue", value: (listener.boundPort ?? listener.port) + options.portOffset },
        ipv4Compat: address === "::",
      },
    },
  };
}

function filter(name: string, typedConfig: ReturnType<typeof pack>): Init<typeof ListenerFilterSchema> {
  return { name, configType: { case: "typedConfig", value: typedConfig } };
}

function filterChain(chain: HttpChain | StreamChain, statPrefix: string): Init<typeof FilterChainSchema> {
  return {
    name: chain.name,
    filterChainMatch: { serverNames: [...chain.serverNames].sort() },
    filters: [networkFilter(chain, statPrefix)],
    ...(chain.tls && { transportSocket: downstreamTls(chain.tls) }),
  };
}

function networkFilter(chain: Exclude<FilterChain, { kind: "datagram" }>, statPrefix: string) {
  switch (chain.kind) {
    case "http": {
      const typedConfig = pack(HttpConnectionManagerSchema, httpConnectionManager(chain, statPrefix));
      const name = "envoy.filters.network.http_connection_manager";
      return { name, configType: { case: "typedConfig" as const, value: typedConfig } };
    }
    case "stream": {
      const typedConfig = pack(TcpProxySchema, tcpProxy(chain, statPrefix));
      return {
        name: "envoy.filters.network.tcp_proxy",
        configType: { case: "typedConfig" as const, value: typedConfig },
      };
    }
  }
}
