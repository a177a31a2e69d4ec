import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { formatPath } from "../resources/origin.ts";
import { objectsOf } from "../resources/testing/objects-of.ts";
import { analyse } from "./analyse.ts";

const text = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: gatewright }
spec: { controllerName: gatewright.dev/gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge }
spec: { gatewayClassName: gatewright, listeners: [{ name: http, port: 80, protocol: HTTP }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web }
spec:
  parentRefs: [{ name: edge }]
  rules: [{ backendRefs: [{ group: gateway.networking.x-k8s.io, kind: XBackend, name: pods }] }]
---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackend
metadata: { name: pods }
spec:
  type: EndpointSelector
  port: { number: 80 }
  endpointSelector: { matchLabels: { app: pods } }
  sessionPersistence: { absoluteTimeout: 1h, cookie: {} }
---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackend
metadata: { name: unused }
spec: { type: EndpointSelector, port: { number: 80 }, endpointSelector: { matchLabels: { app: pods } } }
---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackend
metadata: { name: misspelt, annotations: { gatewright.dev/endpoints: "localhost, http=127.0.0.1:80" } }
spec: { type: EndpointSelector, port: { number: 80 }, endpointSelector: { matchLabels: { app: pods } } }
---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackend
metadata: { name: plain, annotations: { gatewright.dev/endpoints: "127.0.0.1:80" } }
spec: { type: ExternalHostname, port: { number: 80 }, externalHostname: { hostname: api.example.com } }
---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackend
metadata: { name: unverified }
spec:
  type: ExternalHostname
  port: { number: 443 }
  externalHostname: { hostname: api.example.com }
  tls: { mode: ServerOnly, validation: { hostname: api.example.com, caCertificateRefs: [{ group: "", kind: ConfigMap, name: none }] } }
---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackend
metadata: { name: unheard-of }
spec:
  type: ExternalHostname
  port: { number: 443 }
  externalHostname: { hostname: api.example.com }
  tls: { mode: ServerOnly, validation: { hostname: api.example.com, wellKnownCACertificates: example.com/everybody } }
---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackendTrafficPolicy
metadata: { name: first, creationTimestamp: "2026-01-01T00:00:00Z" }
spec:
  targetRefs: [{ group: gateway.networking.x-k8s.io, kind: XBackend, name: pods }]
  sessionPersistence: { absoluteTimeout: 1h, type: Header, header: { name: x-session } }
---
apiVersion: gateway.networking.x-k8s.io/v1alpha1
kind: XBackendTrafficPolicy
metadata: { name: second }
spec:
  targetRefs:
    - { group: gateway.networking.x-k8s.io, kind: XBackend, name: pods }
    - { group: "", kind: Service, name: missing }
    - { group: example.com, kind: Bucket, name: a }
  retryConstraint: {}
`;

test("XBackends and XBackendTrafficPolicies that do not do what they say", () => {
  const objects = objectsOf(text);
  deepEqual(
    analyse(objects).map(
      ({ severity, code, origin }) => `${severity} ${code} ${origin?.resource.name} ${formatPath(origin?.path ?? [])}`,
    ),
    [
      "error invalid-endpoints misspelt metadata.annotations.gatewright.dev/endpoints",
      "error invalid-endpoints misspelt metadata.annotations.gatewright.dev/endpoints",
      "warning not-enforced plain metadata.annotations.gatewright.dev/endpoints",
      "warning external-hostname-without-tls plain spec.externalHostname",
      "warning not-enforced pods spec.sessionPersistence.absoluteTimeout",
      "warning no-endpoints pods spec.endpointSelector",
      "error invalid unheard-of spec.tls.validation",
      "warning invalid-ca-certificate-ref unverified spec.tls.validation.caCertificateRefs[0]",
      "warning not-enforced first spec.sessionPersistence.absoluteTimeout",
      "error conflicted second spec.targetRefs[0]",
      "warning target-not-found second spec.targetRefs[1]",
      "error invalid-kind second spec.targetRefs[2]",
    ],
  );
});
