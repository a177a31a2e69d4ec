/**
 * Tells when the API server showed each endpoint of a Service to come and to go. It does nothing else, so that the time of an event is
 * that at which it came.
 *
 *     KUBECONFIG=… node watch-endpoint-slices.ts '{"namespace": "bench", "service": "rolled"}'
 *
 * Says `ready` when it has seen what there is. Each time that it is told anything, it begins another period, and says `period 1`, `period
 * 2` … Prints what it saw in each when its standard input ends.
 */
import { createInterface } from "node:readline";
import { type ReflectedChange, Reflector } from "../../../src/kubernetes/reflector.ts";
import { resourceFor } from "../../harness/api-resources.ts";
import { administrator } from "./client.ts";
import { addressesOf } from "./ready-addresses.ts";

export interface WatchEndpointSlicesArgument {
  readonly namespace: string;
  readonly service: string;
}

/** An endpoint that came or went. */
export interface EndpointChange {
  readonly address: string;
  readonly ready: boolean;
  /** Milliseconds since 1970, with fractions. */
  readonly at: number;
}

/** What it was shown in a period. */
export interface WatchedPeriod {
  readonly changes: readonly EndpointChange[];
  /** Events of EndpointSlices, each of which may hold several changes. */
  readonly events: number;
}

const { namespace, service }: WatchEndpointSlicesArgument = JSON.parse(process.argv[2] ?? "");
const client = administrator();
const stop = new AbortController();
const periods: { readonly changes: EndpointChange[]; events: number }[] = [];
let current: (typeof periods)[number] = { changes: [], events: 0 };
/** Addresses that are ready, by slice. */
const slices = new Map<string, ReadonlySet<string>>();
let synced = false;
const watching = new Reflector({
  client,
  resource: resourceFor({ apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" }),
  namespace,
  labelSelector: `kubernetes.io/service-name=${service}`,
  apply,
  failed: ({ error }) => console.error(`watching EndpointSlices: ${String(error)}`),
}).run(stop.signal);

for await (const _ of createInterface({ input: process.stdin })) {
  current = { changes: [], events: 0 };
  periods.push(current);
  console.log(`period ${periods.length}`);
}
stop.abort();
await watching;
client.close();
console.log(JSON.stringify(periods satisfies readonly WatchedPeriod[]));

function apply(all: readonly ReflectedChange[]): void {
  const at = performance.timeOrigin + performance.now();
  for (const { key, object } of all) {
    current.events += 1;
    const before = slices.get(key) ?? new Set();
    const now = object === undefined ? new Set<string>() : addressesOf(object);
    slices.set(key, now);
    for (const address of now) if (!before.has(address)) current.changes.push({ address, ready: true, at });
    for (const address of before) if (!now.has(address)) current.changes.push({ address, ready: false, at });
  }
  if (!synced) console.log("ready");
  synced = true;
}
