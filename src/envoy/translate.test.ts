import { deepEqual, equal } from "node:assert/strict";
import { describe, test } from "node:test";
import type { HostTable } from "../ir/host-table.ts";
import { backend, forward, httpListener, PROXY, rule, table, to } from "./testing/ir.ts";
import { World } from "./testing/world.ts";
import { resourceToJson } from "./to-json.ts";

const hostnames = ["*", "*.example.com", "a.example.com", "b.example.com"];

function world() {
  const inputs = new World();
  const { resources } = inputs;
  const put = (one: HostTable) => inputs.set({ tables: [one] });
  inputs.set({
    listeners: [httpListener()],
    tables: hostnames.map((hostname) => table(hostname, [])),
    backends: [backend("one", [80])],
    certificates: [{ proxy: PROXY, name: "cert", certificateChain: "c", privateKey: "k" }],
  });
  const changed: string[] = [];
  resources.subscribe((changes) => {
    for (const { key, after } of changes)
      changed.push(`${after === undefined ? "-" : "+"} ${key.replace(`${PROXY}|type.googleapis.com/`, "")}`);
  });
  return { inputs, resources, put, changed };
}

const SCOPE = "envoy.config.route.v3.ScopedRouteConfiguration";
const MISSED = `${SCOPE}|~`;

describe("translate", () => {
  test("every node is one resource, and a proxy has one script", () => {
    deepEqual(
      [...world().resources.entries()].map(([key]) => key.replace(`${PROXY}|type.googleapis.com/`, "")).sort(),
      [
        "envoy.config.cluster.v3.Cluster|one",
        "envoy.config.endpoint.v3.ClusterLoadAssignment|one",
        "envoy.config.listener.v3.Listener|http-80",
        `${SCOPE}|http-80/*`,
        `${SCOPE}|http-80/*.example.com`,
        `${SCOPE}|http-80/a.example.com`,
        `${SCOPE}|http-80/b.example.com`,
        MISSED,
        "envoy.extensions.transport_sockets.tls.v3.Secret|cert",
      ],
    );
  });

  test("a changed rule changes its table and nothing else", () => {
    const { put, changed } = world();
    put(table("a.example.com", [rule({ action: forward([to("one")]) })]));
    deepEqual(changed, [`+ ${SCOPE}|http-80/a.example.com`]);
  });

  test("a new exact host is one table; a new wildcard is also a script", () => {
    const { put, changed } = world();
    put(table("c.example.com", []));
    deepEqual(changed.splice(0), [`+ ${SCOPE}|http-80/c.example.com`]);
    put(table("*.new.example.com", []));
    deepEqual(changed, [`+ ${SCOPE}|http-80/*.new.example.com`, `+ ${MISSED}`]);
  });

  test("the script waits for the wildcards that it names", () => {
    const { put, resources } = world();
    put(table("*.new.example.com", []));
    deepEqual(resources.get(`${PROXY}|type.googleapis.com/${MISSED}`)?.scopes, [
      "http-80/*.example.com",
      "http-80/*.new.example.com",
    ]);
  });

  test("a change that means the same to Envoy is none", () => {
    const { inputs, put, changed } = world();
    const elsewhere = { ...rule({ action: forward([to("one")]) }).origin, path: ["spec", "rules", 7] };
    put(table("a.example.com", [rule({ action: forward([to("one")]) })]));
    changed.splice(0);
    put(table("a.example.com", [rule({ action: forward([to("one")]), origin: elsewhere })]));
    const chains = httpListener().chains.map((chain) => ({ ...chain, origins: [elsewhere] }));
    inputs.set({ listeners: [httpListener("http-80", { chains })] });
    deepEqual(changed, []);
  });

  test("endpoints touch their assignment alone", () => {
    const { inputs, changed } = world();
    inputs.set({ backends: [backend("one", [80, 81])] });
    deepEqual(changed, ["+ envoy.config.endpoint.v3.ClusterLoadAssignment|one"]);
  });

  test("a table names the clusters that it needs: not those of weight 0, nor one that is not there", () => {
    const { put, resources } = world();
    const destinations = [to("b"), to("a"), to("zero", { weight: 0 }), to(undefined)];
    const mirrors = [{ cluster: "m", fraction: { numerator: 1, denominator: 1 }, origin: to("m").origin }];
    put(table("a.example.com", [rule({ action: forward(destinations, { mirrors }) })]));
    deepEqual(resources.get(`${PROXY}|type.googleapis.com/${SCOPE}|http-80/a.example.com`)?.clusters, ["a", "b", "m"]);
  });

  test("the last table of a proxy takes the script with it", () => {
    const { inputs, resources, changed } = world();
    inputs.set({ removedTables: hostnames.map((hostname) => table(hostname, [])) });
    equal(changed.includes(`- ${MISSED}`), true);
    equal(resources.size, 4);
  });

  test("readable", () => {
    const { resources } = world();
    const scope = resources.get(`${PROXY}|type.googleapis.com/${SCOPE}|http-80/a.example.com`);
    deepEqual(scope && resourceToJson(scope), {
      name: "http-80/a.example.com",
      key: { fragments: [{ string_key: "http-80/a.example.com" }] },
      route_configuration: {
        name: "http-80/a.example.com",
        request_headers_to_remove: ["proxy-status"],
        validate_clusters: false,
        typed_per_filter_config: Object.fromEntries(
          ["fix", "miss", "listener-auth-0", "listener-auth-1", "cors", "external-auth", "session-persistence"].map(
            (filter) => [filter, { "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", disabled: true }],
          ),
        ),
        virtual_hosts: [
          {
            name: "a.example.com",
            domains: ["*"],
            routes: [{ name: "404", match: { prefix: "/" }, direct_response: { status: 404 } }],
          },
        ],
      },
    });
  });
});
