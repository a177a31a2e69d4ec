/** A listener of HTTP, or of HTTPS with the Secret of that name. */
export interface Listener {
  readonly port: number;
  readonly certificate?: string;
}

/** A Gateway with these listeners, and a Service whose one endpoint is on this machine. */
export function gateway(listeners: readonly Listener[], target: number): string {
  const entries = listeners.map(({ port, certificate }) =>
    certificate === undefined
      ? `{name: l-${port}, port: ${port}, protocol: HTTP}`
      : `{name: l-${port}, port: ${port}, protocol: HTTPS, tls: {certificateRefs: [{name: ${certificate}}]}}`,
  );
  return `${gatewayWith(entries)}---
${backend("backend", target)}`;
}

/** A Gateway `bench` with these listeners, each in YAML, and its class. */
export function gatewayWith(listeners: readonly string[]): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: bench}
spec: {controllerName: gatewright.dev/gateway-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: bench}
spec:
  gatewayClassName: bench
  listeners: [${listeners.join(", ")}]
`;
}

/** A Service whose one endpoint is a port of this machine. */
export function backend(name: string, port: number): string {
  return `apiVersion: v1
kind: Service
metadata:
  name: ${name}
  annotations: {gatewright.dev/endpoints: "127.0.0.1:${port}"}
spec: {ports: [{port: 80}]}
`;
}

/** The HTTPRoute of one host, which answers with its version in a header. */
export function route(
  host: number,
  version: string,
  hostname = `host-${host}.example.com`,
  service = "backend",
): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: route${host < 0 ? "-special" : ""}-${Math.abs(host)}}
spec:
  parentRefs: [{name: bench}]
  hostnames: [${hostname}]
  rules:
    - filters:
        - type: ResponseHeaderModifier
          responseHeaderModifier: {set: [{name: x-version, value: "${version}"}]}
      backendRefs: [{name: ${service}, port: 80}]
`;
}
