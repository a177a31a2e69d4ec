import { deepEqual, equal, match } from "node:assert/strict";
import { describe, test } from "node:test";
import { explainWith } from "../control-plane/explain-with.ts";
import { withKeyPairs } from "../gateway/testing/key-pairs.ts";
import type { Explanation } from "./explanation.ts";
import type { RequestText } from "./parse-request.ts";
import { planeOf } from "./testing/plane.ts";

const plane = planeOf(`
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: gatewright }
spec: { controllerName: gatewright.dev/gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: public, namespace: infra }
spec:
  gatewayClassName: gatewright
  listeners:
    - { name: http, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: All } } }
    - { name: admin, port: 8080, protocol: HTTP, hostname: "*.example.com", allowedRoutes: { namespaces: { from: All } } }
    - { name: same, port: 81, protocol: HTTP }
    - { name: https, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: missing }] } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: other, namespace: infra }
spec:
  gatewayClassName: someone-elses
  listeners: [{ name: http, port: 9000, protocol: HTTP }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop, namespace: shop }
spec:
  parentRefs: [{ name: public, namespace: infra, sectionName: http }]
  hostnames: [shop.example.com]
  rules:
    - matches: [{ path: { value: /cart }, method: POST }]
      filters:
        - type: URLRewrite
          urlRewrite: { hostname: cart.internal, path: { type: ReplacePrefixMatch, replacePrefixMatch: /v2 } }
      backendRefs:
        - { name: cart, port: 80, weight: 3 }
        - { name: nothing, port: 80 }
    - matches: [{ path: { value: /old } }]
      filters: [{ type: RequestRedirect, requestRedirect: { scheme: https, statusCode: 301 } }]
    - matches: [{ path: { value: /cart }, headers: [{ name: version, value: v2 }] }]
      backendRefs: [{ name: empty, port: 80 }]
    - matches: [{ path: { type: Exact, value: /cart/total } }]
      backendRefs: [{ name: cart, port: 80 }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: fallback, namespace: shop }
spec:
  parentRefs: [{ name: public, namespace: infra, sectionName: http }]
  hostnames: ["*.example.com"]
  rules: [{ backendRefs: [{ name: cart, port: 80 }] }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: admin, namespace: shop }
spec:
  parentRefs: [{ name: public, namespace: infra, sectionName: admin }]
  hostnames: [shop.example.com]
  rules: [{ matches: [{ path: { value: /admin } }], backendRefs: [{ name: cart, port: 80 }] }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: forbidden, namespace: shop }
spec:
  parentRefs: [{ name: public, namespace: infra, sectionName: same }, { name: other, namespace: infra }, { name: typo }]
  rules: [{ matches: [{ path: { value: /admin } }], backendRefs: [{ name: cart, port: 80 }] }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: { name: calls, namespace: shop }
spec:
  parentRefs: [{ name: public, namespace: infra, sectionName: http }]
  hostnames: [grpc.example.com]
  rules: [{ matches: [{ method: { service: shop.Cart, method: Get } }], backendRefs: [{ name: empty, port: 80 }] }]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: broken, namespace: shop }
spec: { parentRef: [] }
---
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop, annotations: { gatewright.dev/endpoints: "10.0.0.1:8080" } }
spec: { ports: [{ port: 80 }] }
---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackendTrafficPolicy
metadata: { name: budget, namespace: shop }
spec: { targetRefs: [{ group: "", kind: Service, name: cart }], retryConstraint: { budget: { percent: 7, interval: 10s } } }
---
apiVersion: gatewright.dev/v1alpha1
kind: BackendTrafficPolicy
metadata: { name: health, namespace: shop }
spec:
  targetRefs: [{ group: "", kind: Service, name: cart }]
  outlierDetection: { baseEjectionTime: 1500ms }
  healthCheck: { http: { path: /ready } }
---
apiVersion: v1
kind: Service
metadata: { name: empty, namespace: shop }
spec: { ports: [{ port: 80 }] }
`);

function ask(url: string, parts: Partial<RequestText> = {}): Explanation {
  return explainWith(plane, { url, headers: [], ...parts });
}

/** Status or where it goes, rule, and who lost for which reason. */
function summary({ answer, rule, candidates }: Explanation) {
  return [
    answer.statusCode ?? answer.by,
    rule === undefined ? "-" : `${rule.name}, ${rule.place.field}`,
    candidates
      .filter(({ kind }) => kind !== "document")
      .map(({ place, reason }) => `${place.resource.name} ${place.field} ${reason}`),
  ];
}

describe("explain", () => {
  const shop = "http://shop.example.com";
  const rule0 = "HTTPRoute shop/shop, rule 0, spec.rules[0]";
  const adminCandidates = [
    "admin spec.parentRefs[0] other-listener",
    "forbidden spec.parentRefs[0] not-attached",
    "forbidden spec.parentRefs[1] not-attached",
    "forbidden spec.parentRefs[2] not-attached",
  ];
  for (const [name, parts, expected] of [
    [
      `${shop}/cart/1`,
      { method: "POST" },
      [
        "backend",
        `${rule0}.matches[0]`,
        ["shop spec.rules[3].matches[0] does-not-match", "fallback spec.hostnames less-specific-host"],
      ],
    ],
    [
      `${shop}/admin/x`,
      {},
      [
        404,
        "-",
        [
          "shop spec.rules[3].matches[0] does-not-match",
          "shop spec.rules[1].matches[0] does-not-match",
          "shop spec.rules[0].matches[0] does-not-match",
          "shop spec.rules[2].matches[0] does-not-match",
          "fallback spec.hostnames less-specific-host",
          ...adminCandidates,
        ],
      ],
    ],
    ["http://other.example.com/", {}, ["backend", "HTTPRoute shop/fallback, rule 0, spec.rules[0].matches[0]", []]],
    ["http://example.org/", {}, [404, "-", []]],
    [`${shop}/a#b`, {}, [404, "-", []]],
    [`${shop}:82/`, {}, ["none", "-", []]],
  ] as const) {
    test(`${name} → ${expected[0]}`, () => {
      const [status, rule, lost] = summary(ask(name, parts));
      deepEqual([status, rule], expected.slice(0, 2));
      if (expected[2].length > 0) deepEqual(lost, expected[2]);
    });
  }

  test("weights, rewrites, endpoints and what can't be used", () => {
    const { backends = [], rule, listener, host, path } = ask(`${shop}//cart/./1?q`, { method: "POST" });
    deepEqual(
      backends.map(({ name, percent, host: as, path: to, endpoints, problem }) => [
        name,
        percent,
        as,
        to,
        endpoints.length,
        problem,
      ]),
      [
        ["Service shop/cart:80", 75, "cart.internal", "/v2/1?q", 1, undefined],
        ["nowhere", 25, "cart.internal", "/v2/1?q", 0, "There is no Service shop/nothing."],
      ],
    );
    deepEqual(
      backends.map(({ policies }) => policies.map(({ message, place }) => [message, place?.resource.name])),
      [
        [
          ["at most 7 % of the requests may be retries (XBackendTrafficPolicy shop/budget)", "budget"],
          [
            "endpoints that fail several times in a row get no requests for 1.5 s (BackendTrafficPolicy shop/health)",
            "health",
          ],
          ["endpoints are asked for /ready each 10 s (BackendTrafficPolicy shop/health)", "health"],
        ],
        [],
      ],
    );
    deepEqual(rule?.place.location, { file: "test.yaml", line: 32, column: 17 });
    equal(listener?.listeners[0]?.place.field, "spec.listeners[0]");
    equal(host?.message, "served by name");
    deepEqual(path?.path, "/cart/1?q");
  });

  test("redirects, errors, early answers and gRPC", () => {
    deepEqual(ask(`${shop}/old/x?y`).answer, {
      by: "redirect",
      statusCode: 301,
      location: "https://shop.example.com/old/x?y",
      message: "It is redirected to https://shop.example.com/old/x?y.",
    });
    equal(ask(`${shop}/cart`, { headers: ["version: v2"] }).answer.statusCode, 503);
    equal(ask(`${shop}/a%2Fb`).answer.location, "/a/b");
    equal(ask(`${shop}/%00`).answer.statusCode, 400);
    deepEqual(ask("http://grpc.example.com", { grpc: "shop.Cart/Get" }).answer.grpcStatus, 14);
    deepEqual(ask("http://grpc.example.com", { grpc: "shop.Cart/Put" }).answer.grpcStatus, 12);
    match(ask(`https://shop.example.com:80/`).answer.message, /speaks HTTP without TLS/);
  });

  test("a rule that Envoy refuses", () => {
    const { resource } = ask(`${shop}/old`).rule?.place ?? {};
    const refusal = {
      proxy: "local",
      typeUrl: "type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration",
      name: "80/shop.example.com",
      whole: "the whole",
      parts:
        resource === undefined
          ? []
          : [{ origins: [{ resource, path: ["spec", "rules", 1, "matches", 0] }], message: "why", dropped: false }],
    };
    plane.refusals.set("test", refusal);
    const { answer, notes } = ask(`${shop}/old`);
    plane.refusals.delete("test");
    const message = "Envoy refuses the rule, so this stands in its place: why.";
    deepEqual(answer, { by: "response", statusCode: 500, message });
    deepEqual(notes, ["Envoy refuses 80/shop.example.com, and goes on with what it had before: the whole."]);
    equal(ask(`${shop}/old`).answer.statusCode, 301);
  });

  test("a connection that was made for another listener's hostname", async () => {
    const secure = planeOf(
      await withKeyPairs(`
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: gatewright }
spec: { controllerName: gatewright.dev/gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: secure }
spec:
  gatewayClassName: gatewright
  listeners:
    - { name: a, port: 443, protocol: HTTPS, hostname: a.example.com, tls: { certificateRefs: [{ name: pair }] } }
    - { name: b, port: 443, protocol: HTTPS, hostname: b.example.com, tls: { certificateRefs: [{ name: pair }] } }
---
apiVersion: v1
kind: Secret
metadata: { name: pair }
type: kubernetes.io/tls
stringData: { tls.crt: \${certificate a.example.com}, tls.key: \${key a.example.com} }
`),
    );
    const { answer, notes, listener } = explainWith(secure, {
      url: "https://a.example.com/",
      headers: [],
      serverName: "b.example.com",
    });
    equal(answer.statusCode, 421);
    match(answer.message, /made for b\.example\.com, and its host belongs to the listener for a\.example\.com/);
    deepEqual(notes, ["With that server name: No route is attached for a.example.com."]);
    equal(listener?.protocol, "HTTPS");
    match(
      explainWith(secure, { url: "https://c.example.com/", headers: [] }).answer.message,
      /no listener of the port is for the server name \(SNI\) c\.example\.com, only for a\.example\.com, b\.example\.com/,
    );
  });

  test("a host that was mistyped", () => {
    deepEqual(ask("http://grpc.exmple.com/").notes, ["The nearest hostname that is served there is grpc.example.com."]);
  });

  test("listeners that are not served, and documents with a mistake", () => {
    const { answer, candidates } = ask("https://shop.example.com/");
    match(answer.message, /Nothing listens on port 443; there are listeners on 80, 81, 8080\./);
    const messages = candidates.map(({ kind, message }) => `${kind} ${message}`).join("\n");
    match(messages, /listener is not served: .*There is no Secret infra\/missing/);
    match(messages, /listener listens on port 80 \(HTTP\), not on 443/);
    match(messages, /document has a mistake, .*parentRef is not a field/);
    match(
      ask("http://shop.example.com:9000/")
        .candidates.map(({ message }) => message)
        .join(),
      /there is no GatewayClass someone-elses/,
    );
  });
});
