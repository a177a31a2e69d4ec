import { type Mistake, warning } from "./mistake.ts";
import { isJsonObject, type Json } from "./schema.ts";

/** Who reads annotations with these prefixes. cert-manager and cloud providers' load balancers go with the Gateway API. */
const controllers: readonly (readonly [prefix: string, controller: string])[] = [
  ["nginx.ingress.kubernetes.io/", "ingress-nginx"],
  ["nginx.org/", "NGINX Ingress Controller"],
  ["nginx.com/", "NGINX Ingress Controller"],
  ["traefik.ingress.kubernetes.io/", "Traefik"],
  ["traefik.io/", "Traefik"],
  ["traefik.containo.us/", "Traefik"],
  ["haproxy.org/", "HAProxy"],
  ["ingress.haproxy.org/", "HAProxy"],
  ["haproxy-ingress.github.io/", "HAProxy Ingress"],
  ["ingress.kubernetes.io/", "an older Ingress controller"],
  ["konghq.com/", "Kong"],
  ["projectcontour.io/", "Contour"],
  ["ingress.cilium.io/", "Cilium"],
  ["k8s.apisix.apache.org/", "APISIX"],
  ["getambassador.io/", "Emissary"],
  ["alb.ingress.kubernetes.io/", "the AWS Load Balancer Controller"],
  ["appgw.ingress.kubernetes.io/", "Azure's Application Gateway"],
  ["networking.istio.io/", "Istio"],
  ["gateway.envoyproxy.io/", "Envoy Gateway"],
  ["kubernetes.io/ingress.class", "an Ingress controller"],
];

const redirect = "a filter of type RequestRedirect";
const none = undefined;

/** What the part after the prefix asks for, in the Gateway API's words; undefined where it has none. */
const equivalents: readonly (readonly [name: RegExp, equivalent: string | undefined])[] = [
  [/ingress\.class$/, "spec.gatewayClassName of the Gateway"],
  [/^(canary|service-weights|traffic-)/, "weights of backendRefs, or a rule that matches the header"],
  [
    /^(ssl|force-ssl|https?)-?redirect|^redirect-to-https$|^force-https$/,
    `a route on the HTTP listener alone (parentRefs[].sectionName) with ${redirect} and scheme: https`,
  ],
  [/redirect|^app-root$/, redirect],
  [/rewrite|^strip-path$|^path-prefix-strip$/, "a filter of type URLRewrite"],
  [/^upstream-vhost$|^set-host$|^preserve-host$|passhostheader/i, "urlRewrite.hostname of a filter of type URLRewrite"],
  [/cors/, "a filter of type CORS"],
  [/^mirror-/, "a filter of type RequestMirror"],
  [
    /^ssl-passthrough$|^secure-backends?-passthrough$/,
    "a TLSRoute on a listener of protocol TLS with tls.mode: Passthrough",
  ],
  [/^auth-tls-|client-ca|^mtls/, "spec.tls.frontend of the Gateway"],
  [/^auth-(type|secret|secret-type|realm)$|basic-auth/, none],
  [/^auth-|^enable-global-auth$|oauth|jwt/, "a filter of type ExternalAuth"],
  [/^proxy-ssl-|^server-(ssl|ca|crt)|^secure-/, "a BackendTLSPolicy"],
  [
    /^backend-protocol|^server-proto|serversscheme|^upstream-protocol|^protocols?$|grpc-services|ssl-services/,
    "appProtocol of the Service's port, or a BackendTLSPolicy",
  ],
  [/^websocket/, "nothing: WebSockets are carried as they are"],
  [/next-upstream|retr(y|ies)/, "retry of the rule"],
  [/timeout/, "timeouts of the rule"],
  [/affinity|session-cookie|sticky/, "sessionPersistence of the rule"],
  [/^use-regex$|^path-regex$/, "a path match of type RegularExpression"],
  [/^server-alias$|^host-aliases$/, "spec.hostnames"],
  [/^default-backend$/, "a rule without matches"],
  [/^methods$/, "matches[].method"],
  [/^headers\./, "matches[].headers"],
  [
    /headers?$|^x-forwarded-prefix$|^forwarded-for$/,
    "a filter of type RequestHeaderModifier or ResponseHeaderModifier",
  ],
  [/entrypoints|listen-ports/, "listeners of the Gateway, chosen by parentRefs[].sectionName"],
  [/middlewares|plugins/, "filters of the rule"],
  [
    /tls-min(imum)?|ssl-protocols|ssl-ciphers/,
    "tls.options of the listener: gatewright.dev/tls-minimum-version, gatewright.dev/tls-cipher-suites",
  ],
  [/router\.tls|certificate-arn|^tls/, "tls.certificateRefs of the listener"],
  [/router\.priority|^regex-priority$/, "nothing: the most specific match wins, as the Gateway API orders them"],
];

/**
 * Annotations that another controller reads. They are no mistake for that controller; whoever writes them for Gatewright
 * waits in vain.
 */
export function otherAnnotations(annotations: Json | undefined): readonly Mistake[] {
  if (!isJsonObject(annotations)) return [];
  return Object.keys(annotations).flatMap((key) => {
    const [prefix, controller] = controllers.find(([start]) => key.startsWith(start)) ?? [];
    if (prefix === undefined || controller === undefined) return [];
    const name = prefix.endsWith("/") ? key.slice(prefix.length) : key;
    const equivalent = equivalents.find(([known]) => known.test(name))?.[1];
    const remedy =
      equivalent === undefined
        ? "The Gateway API has nothing for it; remove the annotation where only Gatewright reads it."
        : `The Gateway API has ${equivalent}.`;
    const path = ["metadata", "annotations", key];
    const message = `${key} is for ${controller}; Gatewright does not read it.`;
    return [{ ...warning("annotation-of-another-controller", path, message, remedy), atKey: true as const }];
  });
}
