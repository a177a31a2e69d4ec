/** Gateways, each with routes that have a hostname and a Service of their own. */
export interface Shape {
  readonly gateways: number;
  /** Of all Gateways together. */
  readonly routes: number;
}

/** All that the routes need, but for the first one's endpoints. */
export function surroundings({ gateways, routes }: Shape): string {
  const documents = [
    `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: bench}
spec: {controllerName: gatewright.dev/gateway-controller}
`,
    ...Array.from({ length: gateways }, (_, index) => gateway(index)),
    ...Array.from({ length: routes }, (_, index) => service(index)),
    ...Array.from({ length: routes - 1 }, (_, index) => endpointSlice(index + 1, 0)),
  ];
  return documents.join("---\n");
}

function gateway(index: number): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gateway-${index}, namespace: edge}
spec:
  gatewayClassName: bench
  listeners: [{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}]
`;
}

function service(index: number): string {
  return `apiVersion: v1
kind: Service
metadata: {name: backend-${index}, namespace: shop}
spec: {clusterIP: 10.96.0.1, ports: [{port: 80}]}
`;
}

/** @param version another address */
export function endpointSlice(index: number, version: number): string {
  return `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: backend-${index}, namespace: shop, labels: {kubernetes.io/service-name: backend-${index}}}
addressType: IPv4
endpoints: [{addresses: [10.244.1.${version % 250}]}, {addresses: [10.244.2.${version % 250}]}]
ports: [{port: 8080}]
`;
}

/** @param version another header; the route is otherwise the same */
export function route(index: number, version: number, { gateways }: Shape): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: route-${index}, namespace: shop}
spec:
  parentRefs: [{name: gateway-${index % gateways}, namespace: edge}]
  hostnames: [host-${index}.example.com]
  rules:
  - matches: [{path: {type: PathPrefix, value: /}}]
    filters:
    - type: ResponseHeaderModifier
      responseHeaderModifier: {set: [{name: x-version, value: "${version}"}]}
    backendRefs: [{name: backend-${index}, port: 80}]
`;
}
