import { deepEqual, equal, notEqual } from "node:assert/strict";
import { describe, test } from "node:test";
import { fc } from "../../test/fast-check.ts";
import type { Cluster, EndpointSet } from "../ir/cluster.ts";
import type { HostTable } from "../ir/host-table.ts";
import type { Listener } from "../ir/listener.ts";
import type { Rule } from "../ir/rule.ts";
import { clusterResource } from "./cluster.ts";
import { endpointsResource } from "./endpoints.ts";
import { hostTableResource } from "./host-table.ts";
import { listenerResource } from "./listener.ts";
import { defaultOptions } from "./options.ts";
import type { EnvoyResource } from "./resource.ts";
import { origin, PROXY } from "./testing/ir.ts";

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
const header = fc.record({ name, value: fc.string() });
const modifier = fc.record({
  set: fc.array(header, { maxLength: 2 }),
  add: fc.array(header, { maxLength: 2 }),
  remove: fc.array(name, { maxLength: 2 }),
});
const valueMatch = fc.record({ name, type: fc.constantFrom("Exact", "RegularExpression"), value: name });
const destination = fc.record(
  { cluster: name, weight: fc.integer({ min: 1, max: 100 }), requestHeaders: modifier, origin: fc.constant(origin) },
  { requiredKeys: ["weight", "origin"] },
);
const rule: fc.Arbitrary<Rule> = fc.record(
  {
    name,
    match: fc.record(
      {
        path: fc.record({
          type: fc.constantFrom("Exact", "PathPrefix"),
          value: name.map((path) => `/${path}`),
        }),
        method: fc.constantFrom("GET", "POST"),
        headers: fc.array(valueMatch, { maxLength: 2 }),
        queryParams: fc.array(valueMatch, { maxLength: 2 }),
        grpc: fc.boolean(),
      },
      { requiredKeys: ["path", "headers", "queryParams"] },
    ),
    requestHeaders: modifier,
    responseHeaders: modifier,
    action: fc.record(
      {
        kind: fc.constant("forward"),
        destinations: fc.array(destination, { minLength: 1, maxLength: 3 }),
        mirrors: fc.constant([]),
        timeouts: fc.record({ requestMilliseconds: fc.nat(1_000_000) }),
        retry: fc.record({ codes: fc.array(fc.integer({ min: 400, max: 599 })), attempts: fc.nat(5) }),
      },
      { requiredKeys: ["kind", "destinations", "mirrors"] },
    ),
    origin: fc.constant(origin),
  },
  { requiredKeys: ["name", "match", "action", "origin"] },
);
const table: fc.Arbitrary<HostTable> = fc.record({
  proxy: fc.constant(PROXY),
  chain: name,
  hostname: fc.constantFrom("*", "*.example.com", "a.example.com"),
  rules: fc.array(rule, { maxLength: 4 }),
});
const listener: fc.Arbitrary<Listener> = fc.record({
  proxy: fc.constant(PROXY),
  name,
  port: fc.integer({ min: 1, max: 65_535 }),
  transport: fc.constant("TCP"),
  chains: fc.uniqueArray(
    fc.record(
      {
        kind: fc.constantFrom("http", "stream"),
        name,
        serverNames: fc.array(name, { maxLength: 3 }),
        tls: fc.record({ certificates: fc.array(name, { maxLength: 2 }), alpn: fc.constant(["h2"]) }),
        origins: fc.constant([origin]),
      },
      { requiredKeys: ["kind", "name", "serverNames", "origins"] },
    ),
    { maxLength: 4, selector: (chain) => chain.name },
  ),
});
const cluster: fc.Arbitrary<Cluster> = fc.record(
  {
    proxy: fc.constant(PROXY),
    name,
    discovery: fc.record({ kind: fc.constant("endpoints"), endpoints: name }),
    protocol: fc.constantFrom("HTTP/1.1", "HTTP/2", "TCP", "UDP"),
    tls: fc.record({ serverName: name }, { requiredKeys: [] }),
    origin: fc.constant(origin),
  },
  { requiredKeys: ["proxy", "name", "discovery", "protocol", "origin"] },
);
const endpoints: fc.Arbitrary<EndpointSet> = fc.record({
  proxy: fc.constant(PROXY),
  name,
  groups: fc.array(
    fc.record({
      weight: fc.nat(10),
      endpoints: fc.array(
        fc.record({ address: fc.ipV4(), port: fc.nat(65_535), health: fc.constantFrom("healthy", "draining") }),
        { maxLength: 4 },
      ),
    }),
    { maxLength: 3 },
  ),
});

/** Puts the keys of all objects in the opposite order. */
function reverseKeys(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value).toReversed()) {
    reverseKeys(inner);
    if (Array.isArray(value)) continue;
    Reflect.deleteProperty(value, key);
    Reflect.set(value, key, inner);
  }
}

/** What is sent, and the ids of what may be refused by itself. */
function encoded({ parts, ...resource }: EnvoyResource): object {
  return {
    ...resource,
    parts: parts?.()
      .all.map(({ id }) => id)
      .sort(),
  };
}

function sameBytes<Node>(arbitrary: fc.Arbitrary<Node>, encode: (node: Node) => EnvoyResource): void {
  fc.assert(
    fc.property(arbitrary, (node) => {
      const copy = structuredClone(node);
      reverseKeys(copy);
      deepEqual(encoded(encode(copy)), encoded(encode(node)));
    }),
    { numRuns: 200 },
  );
}

describe("equal IR has equal bytes", () => {
  test("host tables", () => sameBytes(table, (one) => hostTableResource(one, defaultOptions)));
  test("listeners", () => sameBytes(listener, (one) => listenerResource(one, defaultOptions)));
  test("clusters", () => sameBytes(cluster, clusterResource));
  test("endpoints", () => sameBytes(endpoints, endpointsResource));

  test("whatever the order of a listener's chains", () => {
    fc.assert(
      fc.property(listener, (one) => {
        const other = { ...one, chains: one.chains.toReversed() };
        deepEqual(encoded(listenerResource(other, defaultOptions)), encoded(listenerResource(one, defaultOptions)));
      }),
    );
  });
});

test("what differs has another version", () => {
  const one: HostTable = { proxy: PROXY, chain: "a", hostname: "*", rules: [] };
  const other = { ...one, hostname: "*.example.com" };
  notEqual(hostTableResource(one, defaultOptions).version, hostTableResource(other, defaultOptions).version);
});

test("a cluster's resource names the endpoints that warm it", () => {
  const [known] = fc.sample(cluster, { numRuns: 1, seed: 1 });
  equal(
    known && clusterResource(known).endpoints,
    known?.discovery.kind === "endpoints" ? known.discovery.endpoints : "",
  );
});
