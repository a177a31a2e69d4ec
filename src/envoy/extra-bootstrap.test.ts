import { deepEqual, equal, match } from "node:assert/strict";
import { describe, test } from "node:test";
import { resolveEnvoy } from "../fleet/resolve-envoy.ts";
import { validate } from "../fleet/validate.ts";
import { bootstrap, extraBootstrapProblem } from "./bootstrap.ts";

const options = {
  proxy: "edge/public",
  node: "one",
  adminSocket: "/run/admin.sock",
  healthPort: 19_003,
  xds: { path: "/run/xds" },
};
const address = { socket_address: { address: "127.0.0.1", port_value: 8125 } };
const statsd = {
  name: "statsd",
  type: "STATIC",
  load_assignment: { cluster_name: "statsd", endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
};
const extra = {
  static_resources: { clusters: [statsd] },
  layered_runtime: { layers: [{ name: "edge", static_layer: { "upstream.healthy_panic_threshold": 20 } }] },
  enable_dispatcher_stats: true,
};

describe("what is added to a bootstrap", () => {
  test("stands beside what is there, and Envoy takes both", async () => {
    equal(extraBootstrapProblem(extra), undefined);
    const merged: Record<string, unknown> = { ...bootstrap({ ...options, extra }) };
    const ours: Record<string, unknown> = { ...bootstrap(options) };
    deepEqual(
      Object.keys(merged)
        .filter((name) => JSON.stringify(merged[name]) !== JSON.stringify(ours[name]))
        .sort(),
      ["enable_dispatcher_stats", "layered_runtime", "static_resources"],
    );
    match(JSON.stringify(merged["static_resources"]), /"name":"xds".*"name":"statsd"/);
    const { path } = await resolveEnvoy();
    const verdict = await validate(path, merged);
    equal(verdict.ok || verdict.message, true);
  });

  for (const [what, part, problem] of [
    ["the admin interface", { admin: {} }, /^admin is Gatewright's own: /],
    ["another control plane", { dynamic_resources: {} }, /^dynamic_resources is Gatewright's own/],
    ["who it is", { node: { id: "me" } }, /^node is Gatewright's own/],
    [
      "our cluster",
      { static_resources: { clusters: [{ name: "xds" }] } },
      /^static_resources.clusters: "xds" is Gatewright's own. Give/,
    ],
    ["our layer", { layered_runtime: { layers: [{ name: "static" }] } }, /^layered_runtime.layers: "static" is/],
    ["a field that there is not", { static_resource: {} }, /^it is no part of Envoy's Bootstrap: .*static_resource/],
    ["a wrong type", { enable_dispatcher_stats: "perhaps" }, /^it is no part of Envoy's Bootstrap: /],
    [
      "a type that is not known",
      { stats_sinks: [{ name: "a", typed_config: { "@type": "type.googleapis.com/a.B" } }] },
      /a\.B/,
    ],
  ] as const) {
    test(`may not be ${what}`, () => match(extraBootstrapProblem(part) ?? "", problem));
  }
});
