import { deepEqual, equal, match, ok } from "node:assert/strict";
import { describe, test } from "node:test";
import { Graph } from "../collections/graph.ts";
import type { Service } from "../resources/generated/core.ts";
import type { Gateway, GatewaySpecAddress } from "../resources/generated/gateway-api.ts";
import { differences } from "./difference.ts";
import { exposureOf, fleetOfGateway } from "./fleet.ts";
import { assignedAddresses } from "./gateway-addresses.ts";
import { fleetInfrastructure, gatewayInfrastructure } from "./infrastructure.ts";
import { baseName, boundedName, numberedName } from "./names.ts";
import { refuseAddresses } from "./placement.ts";
import { defaultParameters } from "./proxy-parameters.ts";
import { type ExposedPort, exposedPorts } from "./services.ts";
import { settings } from "./testing/proxy-settings.ts";

function gatewayWith(spec: Partial<Gateway["spec"]>): Gateway {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "Gateway",
    metadata: { name: "public", namespace: "edge", uid: "a-uid" },
    spec: { gatewayClassName: "gatewright", listeners: [], ...spec },
  };
}

const web = { port: 80, targetPort: 80, transport: "TCP" } as const;
const mainServiceName = (gateway: Gateway) => exposureOf(gateway, fleetOfGateway(gateway)).metadata.name;

function manifestsOf(gateway: Gateway, exposed: readonly ExposedPort[] = [web], proxies = settings) {
  const fleet = fleetOfGateway(gateway);
  const own = fleetInfrastructure(fleet, proxies, defaultParameters);
  return gatewayInfrastructure(gateway, fleet, own, exposed, defaultParameters).manifests;
}

describe("names", () => {
  test("are <gateway>-<class>, as GEP-1762 asks", () => equal(baseName("public", "gatewright"), "public-gatewright"));

  test("are names that a Service may have, whatever a Gateway's is, and differ where Gateways do", () => {
    const long = "a".repeat(253);
    const names = ["a.b", "a-b", "1st", long, `${long}b`].map((name) => baseName(name, "gatewright"));
    for (const name of [...names, numberedName(baseName(long, "c"), "192.0.2.1")])
      match(name, /^[a-z][-a-z0-9]{0,61}[a-z0-9]$/);
    equal(new Set(names).size, names.length);
    equal(boundedName(long).length, 63);
  });
});

describe("what a Gateway is given", () => {
  const gateway = gatewayWith({ infrastructure: { labels: { team: "shop" }, annotations: { cost: "high" } } });

  test("carries spec.infrastructure, is found by the API's labels, and goes with the Gateway", () => {
    const manifests = manifestsOf(gateway);
    deepEqual(
      manifests.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`),
      ["Service", "ServiceAccount", "ConfigMap", "Deployment"].map((kind) => `${kind} edge/public-gatewright`),
    );
    for (const { metadata } of manifests) {
      equal(metadata.labels["team"], "shop");
      equal(metadata.labels["gateway.networking.k8s.io/gateway-name"], "public");
      equal(metadata.labels["gateway.networking.k8s.io/gateway-class-name"], "gatewright");
      equal(metadata.annotations["cost"], "high");
      equal(metadata.ownerReferences[0]?.uid, "a-uid");
    }
    const pod = JSON.stringify(manifests.at(-1)?.["spec"]);
    match(pod, /"team":"shop"/);
    match(pod, /"cost":"high"/);
  });

  test("keeps its pods when listeners change, and gives them a new bootstrap when that changes", () => {
    const deploymentOf = (ports: readonly ExposedPort[], proxies = settings) =>
      manifestsOf(gateway, ports, proxies).at(-1);
    deepEqual(deploymentOf([web]), deploymentOf([web, { port: 53, targetPort: 53, transport: "UDP" }]));
    const moved = { ...settings, xds: { ...settings.xds, port: 18_001 } };
    ok(
      differences(deploymentOf([web]), deploymentOf([web], moved)).some(({ path }) =>
        path.endsWith("gatewright.dev/bootstrap"),
      ),
    );
  });

  test("a port of a socket is exposed once, TCP and UDP apart; without a port there is no Service", () => {
    const socket = (port: number, transport: "TCP" | "UDP") => ({ socket: { proxy: "p", port, transport } });
    const ports = exposedPorts(
      [socket(443, "TCP"), socket(443, "TCP"), socket(443, "UDP")],
      new Graph().input("boundPorts"),
      { fetch: () => undefined },
    );
    const [service] = manifestsOf(gateway, ports);
    deepEqual(
      differences(service, {
        spec: {
          ports: [
            { name: "tcp-443", port: 443, protocol: "TCP" },
            { name: "udp-443", port: 443, protocol: "UDP" },
          ],
        },
      }),
      [],
    );
    ok(manifestsOf(gateway, []).every(({ kind }) => kind !== "Service"));
  });
});

describe("addresses", () => {
  const ip = (value: string): GatewaySpecAddress => ({ type: "IPAddress", value });

  function outcome(addresses: readonly GatewaySpecAddress[], given: Readonly<Record<string, readonly string[]>>) {
    const gateway = gatewayWith({ addresses });
    const made = new Map(
      manifestsOf(gateway)
        .filter(({ kind }) => kind === "Service")
        .map(({ metadata, ...rest }): readonly [string, Service] => {
          const wanted = JSON.stringify(rest).match(/"loadBalancerIP":"([^"]+)"/)?.[1] ?? "main";
          const ingress = (given[wanted] ?? []).map((address) => ({ ip: address }));
          return [
            metadata.name,
            {
              apiVersion: "v1",
              kind: "Service",
              metadata,
              spec: { clusterIP: "10.96.0.9", type: "LoadBalancer", sessionAffinity: "None" },
              status: { loadBalancer: { ingress } },
            },
          ];
        }),
    );
    const {
      addresses: assigned,
      addressesAssigned,
      problem,
    } = assignedAddresses(gateway, mainServiceName(gateway), (name) => made.get(name), defaultParameters);
    const words = assigned.map(({ value, routability }) => (routability === "" ? value : `${value} ${routability}`));
    return {
      services: made.size,
      assigned: words,
      condition: `${addressesAssigned?.status} ${addressesAssigned?.reason}`,
      problem: problem?.reason,
    };
  }

  const cluster: GatewaySpecAddress = { type: "IPAddress", routability: "Cluster" };
  const vpc: GatewaySpecAddress = { type: "IPAddress", routability: "example.com/vpc" };
  const main = { main: ["192.0.2.1"] };
  const all = "True AddressesAssigned";
  const some = "False PartiallyAssigned";
  const none = "False NotAssigned";
  for (const [what, addresses, given, services, assigned, condition, problem] of [
    ["none asked for", [], main, 1, ["192.0.2.1"], all, undefined],
    ["none given yet", [], {}, 1, [], none, "AddressNotAssigned"],
    ["any will do", [{ type: "IPAddress" }], main, 1, ["192.0.2.1"], all, undefined],
    ["two of any, and one is there", [{ type: "IPAddress" }, { type: "IPAddress" }], main, 1, ["192.0.2.1"], some],
    ["a static one", [ip("192.0.2.7")], { "192.0.2.7": ["192.0.2.7"], ...main }, 2, ["192.0.2.7"], all],
    [
      "several, one of which nobody has",
      [ip("192.0.2.7"), ip("203.0.113.1")],
      { "192.0.2.7": ["192.0.2.7"] },
      3,
      ["192.0.2.7"],
      some,
      "AddressNotUsable",
    ],
    ["a name that nobody gives", [{ type: "Hostname", value: "a.example" }], main, 1, [], none, "AddressNotUsable"],
    ["the cluster's own", [cluster], {}, 1, ["10.96.0.9 Cluster"], all],
    ["the cluster's own and any", [cluster, { type: "IPAddress" }], main, 1, ["10.96.0.9 Cluster", "192.0.2.1"], all],
    [
      "a static one of the cluster that it does not have",
      [{ ...cluster, value: "10.96.0.7" }],
      {},
      1,
      [],
      none,
      "AddressNotAssigned",
    ],
    [
      "the suite's own routability",
      [{ type: "IPAddress", routability: "testing.x-k8s.io/sentinel" }],
      main,
      1,
      ["192.0.2.1 testing.x-k8s.io/sentinel"],
      all,
    ],
    ["an unknown routability", [vpc], main, 1, [], none, "AddressNotAssigned"],
    ["an unknown routability, and any", [vpc, { type: "IPAddress" }], main, 1, ["192.0.2.1"], some],
    ["a name of the cluster", [{ ...cluster, type: "Hostname" }], main, 1, [], none, "AddressNotAssigned"],
  ] as const) {
    test(what, () => deepEqual(outcome(addresses, given), { services, assigned, condition, problem }));
  }

  test("each requested one has a Service that stays when others go", () => {
    const namesOf = (...addresses: readonly GatewaySpecAddress[]) =>
      manifestsOf(gatewayWith({ addresses })).flatMap(({ kind, metadata }) =>
        kind === "Service" ? metadata.name : [],
      );
    const both = namesOf(ip("192.0.2.7"), ip("192.0.2.8"));
    equal(both[0], mainServiceName(gatewayWith({})));
    deepEqual(namesOf(ip("192.0.2.8")), [both[0], both[2]]);
  });

  test("of a type that is not known are refused", () => {
    equal(
      refuseAddresses(gatewayWith({ addresses: [ip("192.0.2.1"), { type: "Hostname", value: "a.example" }] })),
      undefined,
    );
    const named = { type: "example.com/named", value: "a" };
    equal(refuseAddresses(gatewayWith({ addresses: [named] }))?.reason, "UnsupportedAddress");
  });
});

test("defaults of the API server and fields of others are no difference", () => {
  const desired = {
    spec: { ports: [{ port: 80, protocol: "TCP", targetPort: 80 }], type: "LoadBalancer" },
    metadata: { labels: { a: "1" } },
  };
  const [port] = desired.spec.ports;
  const live = {
    spec: { ports: [{ ...port, nodePort: 30_000 }], type: "LoadBalancer", clusterIP: "10.96.0.1" },
    metadata: { labels: { a: "1", other: "2" }, uid: "u" },
  };
  deepEqual(differences(live, desired), []);
  const added = [{ port: 443, protocol: "TCP" }, ...live.spec.ports];
  deepEqual(differences({ ...live, spec: { ...live.spec, ports: added } }, desired), []);
  const moved = [{ ...port, targetPort: 81 }];
  deepEqual(differences({ ...live, spec: { ports: moved } }, desired), [
    { path: 'spec.ports[80,"TCP"].targetPort', live: 81 },
    { path: "spec.type", live: undefined },
  ]);
  deepEqual(differences({ command: ["a", "b"] }, { command: ["a"] }), [{ path: "command", live: ["a", "b"] }]);
});
