import type { Cluster, EndpointSet } from "../../ir/cluster.ts";
import type { HostTable } from "../../ir/host-table.ts";
import type { Listener } from "../../ir/listener.ts";
import type { ForwardAction, RequestMatch, Rule, WeightedDestination } from "../../ir/rule.ts";
import type { Origin } from "../../resources/origin.ts";

/** Short ways to write IR in tests. Everything belongs to the proxy "test" unless it says otherwise. */
export const PROXY = "test";

export const origin: Origin = {
  resource: { group: "gateway.networking.k8s.io", kind: "HTTPRoute", namespace: "shop", name: "cart" },
  path: ["spec", "rules", 0],
};

export function match(parts: Partial<RequestMatch> = {}): RequestMatch {
  return { path: { type: "PathPrefix", value: "/" }, headers: [], queryParams: [], ...parts };
}

/** @example prefix("/cart")  // a match for paths at and below /cart */
export function prefix(value: string): RequestMatch {
  return match({ path: { type: "PathPrefix", value } });
}

export function to(cluster: string | undefined, parts: Partial<WeightedDestination> = {}): WeightedDestination {
  return { ...(cluster !== undefined && { cluster }), weight: 1, origin, ...parts };
}

export function forward(
  destinations: readonly WeightedDestination[],
  parts: Partial<ForwardAction> = {},
): ForwardAction {
  return { kind: "forward", destinations, mirrors: [], ...parts };
}

export function rule(parts: Partial<Rule> & Pick<Rule, "action">): Rule {
  return { name: "HTTPRoute shop/cart 0", match: match(), origin, ...parts };
}

export function table(hostname: string, rules: readonly Rule[], chain = "http-80"): HostTable {
  return { proxy: PROXY, chain, hostname, rules };
}

/** An HTTP listener with one chain of its own name. Port 0: Envoy picks one. */
export function httpListener(name = "http-80", parts: Partial<Listener> = {}): Listener {
  return {
    proxy: PROXY,
    name,
    address: "127.0.0.1",
    port: 0,
    transport: "TCP",
    chains: [{ kind: "http", name, serverNames: [], origins: [origin] }],
    ...parts,
  };
}

/** A cluster whose endpoints are these ports of the loopback interface. */
export function backend(name: string, ports: readonly number[], parts: Partial<Cluster> = {}): [Cluster, EndpointSet] {
  return [
    { proxy: PROXY, name, discovery: { kind: "endpoints", endpoints: name }, protocol: "HTTP/1.1", origin, ...parts },
    {
      proxy: PROXY,
      name,
      groups: [{ weight: 1, endpoints: ports.map((port) => ({ address: "127.0.0.1", port, health: "healthy" })) }],
    },
  ];
}
