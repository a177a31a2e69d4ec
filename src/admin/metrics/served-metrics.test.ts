import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { parse, stringify } from "yaml";
import { createAuthority } from "../../../examples/seeds/certificate-authority.ts";
import { tlsSecret } from "../../../examples/seeds/make-certificates.ts";
import { ControlPlane } from "../../control-plane/control-plane.ts";
import { onThisMachine } from "../../gateway/placement.ts";
import { readDocuments } from "../../resources/read-documents.ts";
import { ObjectTable } from "../../sources/files/object-table.ts";
import { createMetrics } from "./metrics.ts";

const gatewayApi = "gateway.networking.k8s.io/v1";
const metadata = (name: string) => ({ name, namespace: "shop" });

const gatewayClass = {
  apiVersion: gatewayApi,
  kind: "GatewayClass",
  metadata: { name: "gatewright" },
  spec: { controllerName: "gatewright.dev/gateway-controller" },
};

const gateway = (name: string, listener: object) => ({
  apiVersion: gatewayApi,
  kind: "Gateway",
  metadata: metadata(name),
  spec: { gatewayClassName: "gatewright", listeners: [{ name: "web", ...listener }] },
});

const service = (name: string, endpoints: readonly string[]) => [
  { apiVersion: "v1", kind: "Service", metadata: metadata(name), spec: { ports: [{ port: 80 }] } },
  {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { ...metadata(name), labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    ports: [{ port: 80 }],
    endpoints: endpoints.map((address) => ({ addresses: [address] })),
  },
];

const route = {
  apiVersion: gatewayApi,
  kind: "HTTPRoute",
  metadata: metadata("cart"),
  spec: {
    parentRefs: [{ name: "edge" }],
    hostnames: ["a.example.com", "b.example.com"],
    rules: [{ backendRefs: ["full", "empty"].map((name) => ({ name, port: 80 })) }],
  },
};

test("what is served, and what of it is not as it should be", async () => {
  const expires = new Date("2031-02-03T04:05:06Z");
  const { cert, key } = await (await createAuthority()).issue(["*.example.com"], undefined, expires);
  const controlPlane = new ControlPlane({ placement: onThisMachine("local") });
  const metrics = createMetrics("test");
  metrics.follow({ controlPlane, proxies: { behindSeconds: () => [] } });
  const text = [
    gatewayClass,
    gateway("edge", {
      port: 443,
      protocol: "HTTPS",
      tls: { certificateRefs: [{ name: "edge" }] },
    }),
    gateway("idle", { port: 80, protocol: "HTTP" }),
    parse(tlsSecret("shop", "edge", { cert, key })),
    ...service("full", ["10.0.0.1"]),
    ...service("empty", []),
    // Nobody sends to it.
    ...service("unused", []),
    route,
  ]
    .map((object) => stringify(object))
    .join("---\n");
  controlPlane.apply(new ObjectTable().apply([{ file: "a.yaml", documents: readDocuments(text, "a.yaml") }]));
  controlPlane.proxies.set("local", {
    ready: true,
    message: "",
    addresses: [{ type: "IPAddress", value: "10.0.0.9" }],
    refusedSockets: {},
  });

  const told = (await metrics.render()).split("\n");
  const of = (name: string) => told.filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  deepEqual(of("gatewright_certificate_expiry_timestamp_seconds"), [
    `gatewright_certificate_expiry_timestamp_seconds{secret="shop/edge"} ${expires.getTime() / 1000}`,
  ]);
  deepEqual(of("gatewright_backend_without_endpoints"), [
    'gatewright_backend_without_endpoints{backend="Service/shop/empty/80"} 1',
  ]);
  deepEqual(of("gatewright_gateway_programmed"), [
    'gatewright_gateway_programmed{gateway="shop/edge"} 1',
    'gatewright_gateway_programmed{gateway="shop/idle"} 1',
  ]);
  deepEqual(of("gatewright_gateway_attached_routes"), [
    'gatewright_gateway_attached_routes{gateway="shop/edge"} 1',
    'gatewright_gateway_attached_routes{gateway="shop/idle"} 0',
  ]);
  // The two of the route, and one for all other hosts of each listener.
  deepEqual(of("gatewright_proxy_hosts"), ['gatewright_proxy_hosts{proxy="local"} 4']);
  deepEqual(of("gatewright_proxy_clusters"), ['gatewright_proxy_clusters{proxy="local"} 2']);

  controlPlane.proxies.set("local", { ready: false, message: "gone", addresses: [], refusedSockets: {} });
  const after = await metrics.render();
  deepEqual(
    after.split("\n").filter((line) => line.startsWith("gatewright_gateway_programmed{")),
    ['gatewright_gateway_programmed{gateway="shop/edge"} 0', 'gatewright_gateway_programmed{gateway="shop/idle"} 0'],
  );
});
