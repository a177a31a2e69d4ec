import { deepEqual, equal, match } from "node:assert/strict";
import { describe, test } from "node:test";
import { otherAnnotations } from "./other-annotations.ts";

describe("otherAnnotations", () => {
  for (const [annotation, remedy] of [
    ["nginx.ingress.kubernetes.io/force-ssl-redirect", /scheme: https/],
    ["nginx.ingress.kubernetes.io/permanent-redirect", /type RequestRedirect\.$/],
    ["nginx.ingress.kubernetes.io/rewrite-target", /URLRewrite/],
    ["nginx.ingress.kubernetes.io/canary-weight", /weights of backendRefs/],
    ["nginx.ingress.kubernetes.io/cors-allow-origin", /CORS/],
    ["nginx.ingress.kubernetes.io/auth-url", /ExternalAuth/],
    ["nginx.ingress.kubernetes.io/auth-tls-secret", /spec\.tls\.frontend/],
    ["nginx.ingress.kubernetes.io/proxy-ssl-secret", /BackendTLSPolicy/],
    ["nginx.ingress.kubernetes.io/backend-protocol", /appProtocol/],
    ["nginx.ingress.kubernetes.io/proxy-read-timeout", /timeouts/],
    ["nginx.ingress.kubernetes.io/proxy-next-upstream-tries", /retry/],
    ["nginx.ingress.kubernetes.io/session-cookie-name", /sessionPersistence/],
    ["nginx.ingress.kubernetes.io/mirror-target", /RequestMirror/],
    ["nginx.ingress.kubernetes.io/ssl-passthrough", /TLSRoute/],
    ["nginx.ingress.kubernetes.io/use-regex", /RegularExpression/],
    ["nginx.ingress.kubernetes.io/server-alias", /spec\.hostnames/],
    ["nginx.ingress.kubernetes.io/limit-rps", /has nothing for it/],
    ["nginx.ingress.kubernetes.io/configuration-snippet", /has nothing for it/],
    ["nginx.ingress.kubernetes.io/auth-type", /has nothing for it/],
    ["traefik.ingress.kubernetes.io/router.entrypoints", /sectionName/],
    ["traefik.ingress.kubernetes.io/router.middlewares", /filters/],
    ["traefik.ingress.kubernetes.io/service.sticky.cookie", /sessionPersistence/],
    ["haproxy.org/path-rewrite", /URLRewrite/],
    ["haproxy.org/server-ssl", /BackendTLSPolicy/],
    ["konghq.com/strip-path", /URLRewrite/],
    ["konghq.com/plugins", /filters/],
    ["projectcontour.io/response-timeout", /timeouts/],
    ["projectcontour.io/upstream-protocol.h2c", /appProtocol/],
    ["alb.ingress.kubernetes.io/listen-ports", /listeners/],
    ["kubernetes.io/ingress.class", /gatewayClassName/],
  ] as const) {
    test(annotation, () => match(otherAnnotations({ [annotation]: "x" })[0]?.remedy ?? "", remedy));
  }

  test("those that go with the Gateway API are nobody's business", () => {
    const annotations = [
      "cert-manager.io/cluster-issuer",
      "external-dns.alpha.kubernetes.io/hostname",
      "service.beta.kubernetes.io/aws-load-balancer-type",
      "gatewright.dev/endpoints",
      "kubectl.kubernetes.io/last-applied-configuration",
      "example.com/nginx.ingress.kubernetes.io",
    ];
    deepEqual(otherAnnotations(Object.fromEntries(annotations.map((name) => [name, "x"]))), []);
    equal(otherAnnotations(undefined).length, 0);
  });
});
