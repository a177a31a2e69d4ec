import { deepEqual } from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { ControlPlane } from "../control-plane/control-plane.ts";
import type { KubernetesObject } from "../resources/object.ts";
import { objectsOf } from "../resources/testing/objects-of.ts";
import { createPlane, put } from "./testing/golden.ts";
import { withKeyPairs } from "./testing/key-pairs.ts";

const routes = 2_000;

/** What a change costs, in derivations that run: counts, so that they are the same on every machine. */
describe(`with ${routes} routes on one Gateway`, () => {
  let plane: ControlPlane;

  before(async () => {
    plane = createPlane();
    put(plane, [...(await infrastructure()), ...Array.from({ length: routes }, (_, index) => route(index, "/"))]);
  });

  /** Derivations that a change ran, by collection; those that ran none are left out. */
  function runs(change: () => void): Readonly<Record<string, number>> {
    const earlier = new Map(plane.graph.dump().map(({ name, runs: count }) => [name, count]));
    change();
    return Object.fromEntries(
      plane.graph.dump().flatMap(({ name, runs: count }) => {
        const difference = count - (earlier.get(name) ?? 0);
        return difference === 0 ? [] : [[name, difference]];
      }),
    );
  }

  test("one route's match: that route, and the table of its host", () => {
    deepEqual(
      runs(() => put(plane, [route(7, "/changed")])),
      {
        "routes of HTTPRoute": 1,
        compiledHttpRoutes: 1,
        routeVerdicts: 1,
        statusOfHTTPRoutes: 1,
        targetRequestsOfRoutes: 1,
        backendUsesOfRoutes: 1,
        hostTables: 1,
        "envoy/scopes": 1,
        "envoy/wildcards": 1,
      },
    );
  });

  test("a new route: itself, its host, and the listener's count", () => {
    deepEqual(
      runs(() => put(plane, [route(routes, "/")])),
      {
        "routes of HTTPRoute": 1,
        proposedAttachments: 1,
        compiledHttpRoutes: 1,
        routeVerdicts: 1,
        hostnameClaims: 1,
        oldestClaims: 1,
        attachments: 1,
        attachedRoutes: 1,
        targetRequestsOfRoutes: 1,
        backendUsesOfRoutes: 1,
        streamRequests: 1,
        streamEntries: 1,
        hostEntriesOfRoutes: 1,
        hostEntriesByTable: 1,
        hostTables: 1,
        "envoy/wildcards": 1,
        "envoy/scopes": 1,
        statusOfGateways: 1,
        statusOfHTTPRoutes: 1,
      },
    );
  });

  test("an EndpointSlice: its endpoints, and no route", () => {
    deepEqual(
      runs(() => put(plane, [slice("10.0.0.2")])),
      { slicesByService: 1, backendEndpointSets: 1, "envoy/endpoints": 1 },
    );
  });

  test("a certificate's rotation: the certificate, and neither listener nor route", async () => {
    const [secret] = await read(secretText);
    deepEqual(
      runs(() => put(plane, secret === undefined ? [] : [secret])),
      { keyPairs: 1, certificateValidity: 1, certificatesForClients: 1, "envoy/secrets": 1 },
    );
  });

  test("a policy's authority: the authority; its hostname: the cluster and the policy's status; and no route", async () => {
    put(plane, [...(await read(authorityText)), ...(await read(policyText))]);
    const authorities = await read(authorityText);
    const policies = await read(policyText.replace("web.example.com", "www.example.com"));
    deepEqual(
      runs(() => put(plane, authorities)),
      { trustAnchorsOfObjects: 1, trustValidity: 1, trustInBackends: 1, "envoy/trust": 1 },
    );
    const ran = runs(() => put(plane, policies));
    deepEqual(
      Object.keys(ran).filter((name) => /route|attach|host/i.test(name)),
      [],
    );
    deepEqual([ran["backendClusters"], ran["envoy/clusters"], ran["statusOfBackendTLSPolicy"]], [1, 1, 1]);
  });

  test("a telemetry policy: its Gateway's listeners, and no route or host", async () => {
    const [policy] = await read(telemetryText);
    const changed = await read(telemetryText.replace("numerator: 5", "numerator: 6"));
    const ran = [runs(() => put(plane, policy === undefined ? [] : [policy])), runs(() => put(plane, changed))];
    for (const one of ran) {
      deepEqual(
        Object.keys(one).filter((name) => /route|attach|host|scope/i.test(name)),
        [],
      );
      deepEqual([one["sockets"], one["envoy/listeners"]], [2, 2]);
    }
    deepEqual([ran[0]?.["backendClusters"], ran[1]?.["backendClusters"]], [1, undefined]);
    const labelled = await read(telemetryText.replace("name: traces", "name: traces, labels: { team: shop }"));
    put(plane, await read(telemetryText));
    const none = runs(() => put(plane, labelled));
    deepEqual([none["sockets"], none["envoy/listeners"]], [undefined, undefined]);
  });

  test("Envoy's readiness: the Gateway's status", () => {
    const state = { ready: false, message: "Envoy restarts.", addresses: [], refusedSockets: {} };
    deepEqual(
      runs(() => plane.proxies.set("proxy", state)),
      { statusOfGateways: 1 },
    );
  });

  test("labels of a Service and of its Gateway: no route", async () => {
    const [service] = await read(serviceText.replace("name: web", "name: web\n  labels: { team: shop }"));
    const [gateway] = await read(gatewayText.replace("name: edge", "name: edge\n  labels: { team: shop }"));
    const ran = runs(() =>
      put(
        plane,
        [service, gateway].flatMap((object) => object ?? []),
      ),
    );
    deepEqual(
      Object.keys(ran).filter((name) => /route|attach|host/i.test(name) && name !== "statusOfWaitingGateways"),
      [],
    );
  });
});

const telemetryText = `
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XTelemetryPolicy
metadata: { name: traces }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: edge }]
  tracing:
    mode: Enabled
    provider: { backendRef: { name: web, port: 80 } }
    samplingRate: { numerator: 5 }
`;

const gatewayText = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: edge
spec:
  gatewayClassName: gatewright
  listeners:
  - { name: http, port: 80, protocol: HTTP }
  - { name: https, port: 443, protocol: HTTPS, hostname: "*.example.com", tls: { certificateRefs: [{ name: edge }] } }
`;

const authorityText = `
apiVersion: v1
kind: ConfigMap
metadata: { name: authority }
data: { ca.crt: \${authority web} }
`;

const policyText = `
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: { name: web }
spec:
  targetRefs: [{ group: "", kind: Service, name: web }]
  validation: { hostname: web.example.com, caCertificateRefs: [{ group: "", kind: ConfigMap, name: authority }] }
`;

const serviceText = `
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  ports: [{ port: 80 }]
`;

const secretText = `
apiVersion: v1
kind: Secret
metadata: { name: edge }
type: kubernetes.io/tls
stringData:
  tls.crt: \${certificate *.example.com}
  tls.key: \${key *.example.com}
`;

const classText = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: gatewright }
spec: { controllerName: gatewright.dev/gateway-controller }
`;

async function infrastructure(): Promise<readonly KubernetesObject[]> {
  const texts = await Promise.all([classText, gatewayText, serviceText, secretText].map((text) => read(text)));
  return [...texts.flat(), slice("10.0.0.1")];
}

async function read(text: string): Promise<readonly KubernetesObject[]> {
  return objectsOf(await withKeyPairs(text));
}

function route(index: number, path: string): KubernetesObject {
  const [object] = objectsOf(`
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: route-${index} }
spec:
  parentRefs: [{ name: edge, sectionName: http }]
  hostnames: [host-${index}.example.com]
  rules: [{ matches: [{ path: { value: ${path} } }], backendRefs: [{ name: web, port: 80 }] }]
`);
  if (object === undefined) throw new Error("no route");
  return object;
}

function slice(address: string): KubernetesObject {
  const [object] = objectsOf(`
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: web-1, labels: { kubernetes.io/service-name: web } }
addressType: IPv4
ports: [{ name: "", port: 8080 }]
endpoints: [{ addresses: [${address}] }]
`);
  if (object === undefined) throw new Error("no slice");
  return object;
}
