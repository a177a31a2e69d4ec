/** What the Gateway API has in place of kinds that people take it to have, or that other APIs have. */
const instead: Readonly<Record<string, string>> = {
  AuthPolicy: "An HTTPRoute's filter of type ExternalAuth asks an authorization service.",
  AuthenticationPolicy: "An HTTPRoute's filter of type ExternalAuth asks an authorization service.",
  AuthorizationPolicy: "An HTTPRoute's filter of type ExternalAuth asks an authorization service.",
  Backend: "Send to a Service, or to an XBackend of gateway.networking.x-k8s.io.",
  BackendLBPolicy: "It became XBackendTrafficPolicy of gateway.networking.x-k8s.io.",
  BackendPolicy: "It became BackendTLSPolicy.",
  BackendTrafficPolicy:
    "It is BackendTrafficPolicy of gatewright.dev/v1alpha1, or XBackendTrafficPolicy of gateway.networking.x-k8s.io.",
  CORSPolicy: "CORS is a filter of an HTTPRoute's rule: type CORS.",
  CircuitBreakerPolicy:
    "The Gateway API has no circuit breakers; each implementation has its own, and Gatewright none yet.",
  HTTPFilter: "Filters stand in the rules of a route: spec.rules[].filters.",
  HTTPRouteFilter: "Filters stand in the rules of a route: spec.rules[].filters.",
  HTTPSRoute: "An HTTPRoute serves HTTPS, too: TLS belongs to the Gateway's listener.",
  HealthCheckPolicy:
    "Readiness probes of the pods decide where traffic goes; BackendTrafficPolicy of gatewright.dev/v1alpha1 has health checks.",
  Ingress: "Write an HTTPRoute; Ingress itself is a kind of networking.k8s.io/v1.",
  IngressClass: "Its counterpart is GatewayClass.",
  IngressRoute: "Write an HTTPRoute, or a TCPRoute for what is no HTTP.",
  Listener: "Listeners stand in a Gateway's spec.listeners, or in a ListenerSet.",
  Mesh: "It is XMesh of gateway.networking.x-k8s.io.",
  Middleware: "Filters stand in the rules of a route: spec.rules[].filters.",
  RateLimitPolicy: "The Gateway API has no rate limits; each implementation has its own, and Gatewright none yet.",
  RedirectPolicy: "A redirect is a filter of an HTTPRoute's rule: type RequestRedirect.",
  ReferencePolicy: "It became ReferenceGrant.",
  RetryPolicy: "Retries belong to an HTTPRoute's rule: spec.rules[].retry.",
  Route: "There is HTTPRoute, GRPCRoute, TLSRoute, TCPRoute and UDPRoute.",
  SecurityPolicy: "An HTTPRoute's filter of type ExternalAuth asks an authorization service.",
  TLSPolicy: "TLS of clients belongs to a listener (tls), that of backends to a BackendTLSPolicy.",
  TelemetryPolicy: "It is XTelemetryPolicy of gateway.networking.x-k8s.io.",
  TimeoutPolicy: "Timeouts belong to an HTTPRoute's rule: spec.rules[].timeouts.",
  TrafficSplit: "Traffic is split by the weights of a rule's backendRefs.",
  VirtualService: "Write an HTTPRoute; its rules are spec.rules.",
  WebSocketRoute: "An HTTPRoute carries WebSockets as it is.",
  XListenerSet: "It became ListenerSet of gateway.networking.k8s.io/v1.",
};

/** @example insteadOf("RateLimitPolicy")  // "The Gateway API has no rate limits; …" */
export function insteadOf(kind: string): string | undefined {
  const name = Object.keys(instead).find((known) => known.toLowerCase() === kind.toLowerCase());
  return name === undefined ? undefined : instead[name];
}
