/** A Gateway on a port, and a Service whose one endpoint is on this machine. */
export function gateway(port: number, target: number): string {
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
  listeners: [{name: http, port: ${port}, protocol: HTTP}]
---
apiVersion: v1
kind: Service
metadata:
  name: backend
  annotations: {gatewright.dev/endpoints: "127.0.0.1:${target}"}
spec: {ports: [{port: 80}]}
`;
}

/** The HTTPRoute of one host, which answers with its version in a header. */
export function route(host: number, version: string, hostname = `host-${host}.example.com`): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: route-${host}}
spec:
  parentRefs: [{name: bench}]
  hostnames: [${hostname}]
  rules:
    - filters:
        - type: ResponseHeaderModifier
          responseHeaderModifier: {set: [{name: x-version, value: "${version}"}]}
      backendRefs: [{name: backend, port: 80}]
`;
}
