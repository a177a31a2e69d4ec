import type { Reader } from "../collections/collection.ts";
import type { Gateway } from "../resources/generated/gateway-api.ts";
import type { Condition } from "./condition.ts";
import { refuseGateway } from "./gateway-acceptance.ts";

/** Where Gateways are served, as far as their meaning depends on it. */
export interface Placement {
  /** Which Envoy fleet serves a Gateway. */
  readonly proxyOf: ProxyOf;
  /** Why a Gateway as a whole can't be served here; undefined if it can. None of its listeners is served then. */
  readonly refuse: (gateway: Gateway, reader: Reader) => Condition | undefined;
  /** Whether Envoy itself binds the address that a Gateway asks for; elsewhere somebody in front of it has it. */
  readonly bindsAddresses: boolean;
}

export type ProxyOf = (gateway: Gateway) => string;

/** One Envoy on this machine serves every Gateway. */
export function onThisMachine(proxy: string): Placement {
  return { proxyOf: () => proxy, refuse: refuseGateway, bindsAddresses: true };
}
