/**
 * Asks an Envoy again and again which endpoints it has, in the network of its pod; tells when each came and went.
 *
 *     node follow-endpoints.ts '{"admin": {"socketPath": "…"}, "clusters": "regular expression"}'
 *
 * Says `ready` at the first answer. Prints what it saw when its standard input ends.
 */
import { Agent, get, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import { field, list } from "../../../src/resources/field.ts";
import type { EndpointChange } from "./watch-endpoint-slices.ts";

export interface FollowEndpointsArgument {
  /** Where Envoy's admin interface is. */
  readonly admin: { readonly socketPath: string } | { readonly host: string; readonly port: number };
  /** Which clusters to look at: a regular expression of their whole names. */
  readonly clusters: string;
}

export interface FollowEndpointsResult {
  readonly changes: readonly EndpointChange[];
  /** How long it took from one answer to the next, on the average, in milliseconds: what is seen is as late as that at worst. */
  readonly pollMs: number;
}

const pauseMs = 2;

const { admin, clusters }: FollowEndpointsArgument = JSON.parse(process.argv[2] ?? "");
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const path = `/config_dump?include_eds&resource=dynamic_endpoint_configs&name_regex=${encodeURIComponent(clusters)}`;
const changes: EndpointChange[] = [];
let known: ReadonlySet<string> = new Set();
let polls = 0;
const stop = new AbortController();
process.stdin.resume();
process.stdin.on("end", () => stop.abort());
const started = performance.now();
while (!stop.signal.aborted) {
  const now = await healthy();
  const at = performance.timeOrigin + performance.now();
  for (const address of now) if (!known.has(address)) changes.push({ address, ready: true, at });
  for (const address of known) if (!now.has(address)) changes.push({ address, ready: false, at });
  known = now;
  polls += 1;
  if (polls === 1) console.log("ready");
  await wait(pauseMs);
}
const result: FollowEndpointsResult = { changes, pollMs: (performance.now() - started) / polls };
console.log(JSON.stringify(result));
agent.destroy();

/** Addresses of endpoints that requests may go to. */
async function healthy(): Promise<ReadonlySet<string>> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ ...admin, path, agent }, resolve).on("error", reject);
  });
  const body = await text(response);
  if (response.statusCode !== 200) throw new Error(`Envoy answers ${response.statusCode}: ${body}`);
  const dump: unknown = JSON.parse(body);
  return new Set(
    list(field(dump, "configs"))
      .flatMap((config) => list(field(config, "endpoint_config", "endpoints")))
      .flatMap((locality) => list(field(locality, "lb_endpoints")))
      .filter((endpoint) => field(endpoint, "health_status") === "HEALTHY")
      .map((endpoint) => String(field(endpoint, "endpoint", "address", "socket_address", "address"))),
  );
}
