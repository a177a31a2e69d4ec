import type { Delivery } from "../delivery.ts";
import { CLUSTER, CLUSTER_LOAD_ASSIGNMENT, LISTENER, SCOPED_ROUTE_CONFIGURATION } from "../type-url.ts";
import { FakeStream, type Received, summary } from "./fake-stream.ts";
import { cluster, endpoints, listener, scope } from "./fixture.ts";

/** Responses, a line for each. */
export function lines(received: readonly Received[]): readonly string[] {
  return received.map(summary);
}

/** A host on a listener, and where it goes. */
export const shop = [cluster("a"), endpoints("a"), scope("s/a", ["a"]), listener("l")];

/** A stream that has subscribed to everything as Envoy does, and has acknowledged it. */
export function connected(delivery: Delivery, names: readonly string[] = ["a"]): FakeStream {
  const stream = new FakeStream(delivery);
  stream.request(CLUSTER);
  stream.ackAll();
  if (names.length > 0) stream.request(CLUSTER_LOAD_ASSIGNMENT, { subscribe: names });
  stream.ackAll();
  stream.request(SCOPED_ROUTE_CONFIGURATION);
  stream.request(LISTENER);
  stream.ackAll();
  return stream;
}
