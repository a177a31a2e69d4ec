import type { ProxyResources } from "./resource-index.ts";
import type { Session } from "./session.ts";

export interface TypeSnapshot {
  readonly typeUrl: string;
  /** In the configuration, wanted by this Envoy or not. */
  readonly desired: number;
  readonly acknowledged: number;
  readonly inFlight: number;
  /** Changed and not sent yet. */
  readonly pending: number;
  /** Not sent because of another resource that has to be there first. */
  readonly waiting: readonly string[];
  readonly rejected: readonly { readonly name: string; readonly message: string }[];
}

export interface ProxySnapshot {
  readonly proxy: string;
  readonly stream: number;
  readonly settled: boolean;
  readonly types: readonly TypeSnapshot[];
}

export function snapshotOf(proxy: string, stream: number, session: Session, resources: ProxyResources): ProxySnapshot {
  return {
    proxy,
    stream,
    settled: session.settled,
    types: session.subscriptions.map((subscription) => ({
      typeUrl: subscription.typeUrl,
      desired: resources.size(subscription.typeUrl),
      acknowledged: subscription.held.size,
      inFlight: subscription.flights.reduce((sum, flight) => sum + flight.entries.size, 0),
      pending: [...subscription.dirty()].length,
      waiting: [...subscription.waiting.keys()],
      rejected: [...subscription.rejected].map(([name, { message }]) => ({ name, message })),
    })),
  };
}
