import type { Condition } from "../gateway/condition.ts";

/** One entry of Gateway.status.addresses. */
export interface ProxyAddress {
  readonly type: "IPAddress" | "Hostname";
  readonly value: string;
  /** GEP-5093: `Cluster` for an address of the cluster's own; empty for any other, of which nothing is promised. */
  readonly routability?: string;
}

/** What is known of the Envoy fleet that serves a Gateway: the only thing that flows back into status. */
export interface ProxyState {
  /** Every resource that it should have has been acknowledged at least once. */
  readonly ready: boolean;
  /** Why it is not ready, in words. */
  readonly message: string;
  /** Where clients reach it. */
  readonly addresses: readonly ProxyAddress[];
  /** Sockets (by name, `80/TCP`) that Envoy refused, with its reason: a port that is taken, for example. */
  readonly refusedSockets: Readonly<Record<string, string>>;
  /** Listeners (by their place) that Envoy refused while the others on their socket are served. */
  readonly refusedListeners?: Readonly<Record<string, string>>;
  /** Certificates and authorities (by the name under which they are delivered) that Envoy refused. */
  readonly refusedSecrets?: Readonly<Record<string, string>>;
  /** Why the Gateway as a whole is not programmed, whatever Envoy says: an address that nobody assigned, for example. */
  readonly problem?: { readonly reason: string; readonly message: string };
  /** GEP-5093: whether every address that the Gateway asks for is there. Absent until that is known. */
  readonly addressesAssigned?: Condition;
}

/** No Envoy is there at all: status is computed from files. */
export const noProxy: ProxyState = {
  ready: false,
  message: "No Envoy runs this configuration.",
  addresses: [],
  refusedSockets: {},
};
