/** What is known of the Envoy fleet that serves a Gateway: the only thing that flows back into status. */
export interface ProxyState {
  /** Every resource that it should have has been acknowledged at least once. */
  readonly ready: boolean;
  /** Why it is not ready, in words. */
  readonly message: string;
  /** IP addresses at which clients reach it. */
  readonly addresses: readonly string[];
  /** Sockets (by name, `80/TCP`) that Envoy refused, with its reason: a port that is taken, for example. */
  readonly refusedSockets: Readonly<Record<string, string>>;
}

/** No Envoy is there at all: status is computed from files. */
export const noProxy: ProxyState = {
  ready: false,
  message: "No Envoy runs this configuration.",
  addresses: [],
  refusedSockets: {},
};
