/** A document and its object's name, and whether it has a mistake that both a schema and we must find, or one that rules or other documents show. */
export interface Document {
  readonly text: string;
  readonly name: string;
  readonly mistake?: "schema" | "meaning";
}

/** One in so many has a mistake. */
const oneIn = 50;

/** Documents of the kinds that a cluster of many teams has, in about their proportions; some with known mistakes. */
export function documents(count: number): readonly Document[] {
  return Array.from({ length: count }, (_, index) => {
    if (index === 0) return { name: "gatewright", text: gatewayClass };
    if (index === 1) return { name: "public", text: gateway };
    if (index < 2 + teams) return { name: "service", text: service("service", index - 2) };
    const mistaken = index % oneIn === oneIn - 1 ? mistakes[Math.floor(index / oneIn) % mistakes.length] : undefined;
    if (mistaken !== undefined) return { name: nameOf(index), text: mistaken.text(index), mistake: mistaken.shows };
    const make = mix[index % mix.length] ?? httpRoute;
    return { name: nameOf(index), text: make(index) };
  });
}

/** Each has a Service that its routes lead to; documents have mistakes after those. */
const teams = 100;
const metadata = (index: number) => `metadata: {name: ${nameOf(index)}, namespace: team-${index % teams}}`;
const parent = "parentRefs: [{name: public, namespace: edge}]";

const gatewayClass = `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: gatewright}
spec: {controllerName: gatewright.dev/gateway-controller}
`;

const gateway = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: public, namespace: edge}
spec:
  gatewayClassName: gatewright
  listeners:
  - {name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
  - {name: tls, port: 8443, protocol: TLS, tls: {mode: Passthrough}, allowedRoutes: {namespaces: {from: All}}}
`;

function httpRoute(index: number, { field = "weight: 10", path = "PathPrefix", filters = "" } = {}): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
${metadata(index)}
spec:
  ${parent}
  hostnames: [host-${index}.example.com]
  rules:
  - matches:
    - path: {type: ${path}, value: /api}
      headers: [{name: x-canary, value: "yes"}]
${filters}    backendRefs:
    - {name: service, port: 80, ${field}}
  - backendRefs:
    - {name: service, port: 80}
    timeouts: {request: 10s}
`;
}

function grpcRoute(index: number): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
${metadata(index)}
spec:
  ${parent}
  hostnames: [grpc-${index}.example.com]
  rules:
  - matches:
    - method: {service: shop.Cart, method: Add}
    backendRefs:
    - {name: service, port: 80}
`;
}

function tlsRoute(index: number): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
${metadata(index)}
spec:
  ${parent}
  hostnames: [tls-${index}.example.com]
  rules:
  - backendRefs:
    - {name: service, port: 80}
`;
}

function service(name: string, team: number): string {
  return `apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: team-${team % teams}}
spec:
  selector: {app: shop}
  ports:
  - {name: http, port: 80, targetPort: 8080}
`;
}

function referenceGrant(index: number): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
${metadata(index)}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: team-${index % teams}}]
  to: [{group: "", kind: Service}]
`;
}

const http = (index: number) => httpRoute(index);
const another = (index: number) => service(nameOf(index), index);
const mix = [another, http, http, http, http, http, http, grpcRoute, tlsRoute, referenceGrant];

const duplicateFilters = `    filters:
    - {type: URLRewrite, urlRewrite: {hostname: a.example.com}}
    - {type: URLRewrite, urlRewrite: {hostname: b.example.com}}
`;

const mistakes: readonly { readonly shows: "schema" | "meaning"; readonly text: (index: number) => string }[] = [
  { shows: "schema", text: (index) => httpRoute(index, { field: "wieght: 10" }) },
  { shows: "schema", text: (index) => httpRoute(index, { path: "Prefix" }) },
  { shows: "schema", text: (index) => httpRoute(index, { field: "weight: many" }) },
  { shows: "meaning", text: (index) => httpRoute(index, { filters: duplicateFilters }) },
  { shows: "meaning", text: (index) => httpRoute(index).replaceAll("port: 80}", "port: 81}") },
];

/** Of an object that no other refers to: each has another. */
function nameOf(index: number): string {
  return `object-${index}`;
}
