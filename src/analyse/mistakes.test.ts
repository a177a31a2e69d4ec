import { deepEqual } from "node:assert/strict";
import { describe, test } from "node:test";
import { withKeyPairs } from "../gateway/testing/key-pairs.ts";
import { formatPath } from "../resources/origin.ts";
import { objectsOf } from "../resources/testing/objects-of.ts";
import { analyse } from "./analyse.ts";

/** Where pages have one example of a mistake, this has the cases around it, and those that are no mistake. */
const shared = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: gatewright }
spec: { controllerName: gatewright.dev/gateway-controller }
---
apiVersion: v1
kind: Service
metadata: { name: cart, annotations: { gatewright.dev/endpoints: "10.0.0.1:8080" } }
spec: { ports: [{ name: http, port: 80, targetPort: 8080 }, { name: admin, port: 81, targetPort: 9000 }] }
---
apiVersion: v1
kind: Secret
metadata: { name: wildcard }
type: kubernetes.io/tls
stringData: { tls.crt: \${certificate *.example.com}, tls.key: \${key *.example.com} }
`;

const listeners = {
  http: "{ name: http, port: 80, protocol: HTTP }",
  https: "{ name: https, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: wildcard }] } }",
};

function gateway(...list: readonly string[]): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: public }
spec:
  gatewayClassName: gatewright
  listeners: [${list.join(", ")}]
`;
}

function route(name: string, spec: string, parent = "{ name: public }"): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${name} }
spec: { parentRefs: [${parent}], ${spec} }
`;
}

/** A rule that redirects. */
function redirect(fields: string, path = "/"): string {
  return `{ matches: [{ path: { value: ${path} } }], filters: [{ type: RequestRedirect, requestRedirect: { ${fields} } }] }`;
}

const cart = "backendRefs: [{ name: cart, port: 80 }]";

async function found(documents: readonly string[], now?: Date): Promise<readonly string[]> {
  const text = await withKeyPairs([shared, ...documents].join("---"));
  const objects = objectsOf(text);
  return analyse(objects, undefined, now).map(
    ({ code, origin }) => `${code} ${origin?.resource.name} ${formatPath(origin?.path ?? [])}`,
  );
}

interface Case {
  readonly documents: readonly string[];
  readonly finds: readonly string[];
}

const both = gateway(listeners.http, listeners.https);
const hosts = "hostnames: [shop.example.com]";

describe("redirects", () => {
  const cases: Readonly<Record<string, Case>> = {
    "to HTTPS, from the HTTP listener alone": {
      documents: [
        both,
        route("r", `${hosts}, rules: [${redirect("scheme: https")}]`, "{ name: public, sectionName: http }"),
      ],
      finds: [],
    },
    "to HTTPS, where nothing here takes it: something in front may": {
      documents: [gateway(listeners.http), route("r", `rules: [${redirect("scheme: https")}]`)],
      finds: [],
    },
    "through two routes and back": {
      documents: [
        both,
        route("a", `hostnames: [a.example.com], rules: [${redirect("hostname: b.example.com")}]`),
        route("b", `hostnames: [b.example.com], rules: [${redirect("hostname: a.example.com")}]`),
      ],
      finds: ["redirect-loop a spec.rules[0].filters[0]", "redirect-loop b spec.rules[0].filters[0]"],
    },
    "through two listeners and back": {
      documents: [
        both,
        route("up", `${hosts}, rules: [${redirect("scheme: https")}]`, "{ name: public, sectionName: http }"),
        route("down", `${hosts}, rules: [${redirect("scheme: http")}]`, "{ name: public, sectionName: https }"),
      ],
      finds: ["redirect-loop down spec.rules[0].filters[0]", "redirect-loop up spec.rules[0].filters[0]"],
    },
    "into a circle, of which it is no part": {
      documents: [
        both,
        route("in", `hostnames: [a.example.com], rules: [${redirect("hostname: b.example.com")}]`),
        route(
          "turns",
          `hostnames: [b.example.com], rules: [${redirect("path: { type: ReplaceFullPath, replaceFullPath: /x }")}]`,
        ),
      ],
      finds: ["redirect-loop turns spec.rules[0].filters[0]"],
    },
    "to a path that grows": {
      documents: [
        both,
        route(
          "r",
          `${hosts}, rules: [${redirect("path: { type: ReplacePrefixMatch, replacePrefixMatch: /a/b }", "/a")}]`,
        ),
      ],
      finds: ["redirect-loop r spec.rules[0].filters[0]"],
    },
    "to a path that another rule has": {
      documents: [
        both,
        route(
          "r",
          `${hosts}, rules: [${redirect("path: { type: ReplaceFullPath, replaceFullPath: /new }", "/old")}, { ${cart} }]`,
        ),
      ],
      finds: [],
    },
    "to a host that nobody names, though a listener for all hosts would answer": {
      documents: [both, route("r", `rules: [${redirect("hostname: new.example.org")}]`)],
      finds: [],
    },
    "to port 443, without a scheme": {
      documents: [gateway(listeners.http), route("r", `rules: [${redirect("port: 443")}]`)],
      finds: ["redirect-without-scheme r spec.rules[0].filters[0].requestRedirect"],
    },
    "to itself on HTTP, where HTTPS was meant": {
      documents: [
        both,
        route("r", `${hosts}, rules: [${redirect("statusCode: 301")}]`, "{ name: public, sectionName: http }"),
      ],
      finds: ["redirect-without-scheme r spec.rules[0].filters[0].requestRedirect"],
    },
    "to itself on HTTP, where there is no HTTPS": {
      documents: [gateway(listeners.http), route("r", `${hosts}, rules: [${redirect("statusCode: 301")}]`)],
      finds: ["redirect-loop r spec.rules[0].filters[0]"],
    },
    "to HTTPS on port 80": {
      documents: [
        both,
        route("r", `${hosts}, rules: [${redirect("scheme: https, port: 80")}]`, "{ name: public, sectionName: http }"),
      ],
      finds: ["redirect-to-wrong-port r spec.rules[0].filters[0].requestRedirect.port"],
    },
  };
  for (const [name, { documents, finds }] of Object.entries(cases)) {
    test(name, async () => deepEqual(await found(documents), finds));
  }
});

describe("hostnames and certificates", () => {
  const named = (hostname: string): string =>
    `{ name: https, port: 443, protocol: HTTPS, hostname: "${hostname}", tls: { certificateRefs: [{ name: wildcard }] } }`;
  const cases: Readonly<Record<string, Case>> = {
    "a wildcard holds one label": {
      documents: [gateway(named("a.example.com"))],
      finds: [],
    },
    "and not two": {
      documents: [gateway(named("a.b.example.com"))],
      finds: ["certificate-not-for-hostname public spec.listeners[0].tls.certificateRefs[0]"],
    },
    "a wildcard for a wildcard": { documents: [gateway(named("*.example.com"))], finds: [] },
    "routes say what clients ask for": {
      documents: [gateway(listeners.https), route("r", `hostnames: [example.com], rules: [{ ${cart} }]`)],
      finds: ["certificate-not-for-hostname public spec.listeners[0].tls.certificateRefs[0]"],
    },
    "no route and no hostname: nobody knows": { documents: [gateway(listeners.https)], finds: [] },
    "a hostname that a more specific listener holds": {
      documents: [
        gateway(listeners.http, `{ name: shop, port: 80, protocol: HTTP, hostname: shop.example.com }`),
        route(
          "r",
          `hostnames: [shop.example.com, other.example.com], rules: [{ ${cart} }]`,
          "{ name: public, sectionName: http }",
        ),
      ],
      finds: ["hostname-not-served r spec.hostnames[0]"],
    },
    "and the route is on that listener, too": {
      documents: [
        gateway(listeners.http, `{ name: shop, port: 80, protocol: HTTP, hostname: shop.example.com }`),
        route("r", `hostnames: [shop.example.com, other.example.com], rules: [{ ${cart} }]`),
      ],
      finds: [],
    },
    "a wildcard of which only a part is served": {
      documents: [
        gateway(`{ name: http, port: 80, protocol: HTTP, hostname: a.example.com }`),
        route("r", `hostnames: ["*.example.com"], rules: [{ ${cart} }]`),
      ],
      finds: [],
    },
  };
  for (const [name, { documents, finds }] of Object.entries(cases)) {
    test(name, async () => deepEqual(await found(documents), finds));
  }

  test("a certificate that is about to expire, by the clock", async () => {
    const inDays = (days: number): Date => new Date(Date.now() + days * 24 * 60 * 60 * 1000);
    deepEqual(await found([]), []);
    deepEqual(await found([], inDays(15)), []);
    deepEqual(await found([], inDays(25)), ["certificate-expires-soon wildcard stringData.tls.crt"]);
  });
});

describe("what an earlier match always beats", () => {
  const rules = (...matches: readonly string[]): string =>
    `${hosts}, rules: [${matches.map((match) => `{ matches: [{ ${match} }], ${cart} }`).join(", ")}]`;
  const cases: Readonly<Record<string, Case>> = {
    "the same path twice, in another route": {
      documents: [
        gateway(listeners.http),
        route("a", rules("path: { value: /x }")),
        route("b", rules("path: { value: /x }")),
      ],
      finds: ["shadowed-rule b spec.rules[0].matches[0]"],
    },
    "one hostname of two is lost to a route that names it": {
      documents: [
        gateway(listeners.http),
        route("a", rules("path: { value: /x }")),
        route("b", rules("path: { value: /x }").replace("shop.example.com", "shop.example.com, b.example.com")),
      ],
      finds: ["shadowed-rule b spec.rules[0].matches[0]"],
    },
    "what a wildcard leaves to a more specific hostname is meant so": {
      documents: [
        gateway(listeners.http, `{ name: shop, port: 8080, protocol: HTTP, hostname: shop.example.com }`),
        route("a", rules("path: { value: / }")),
        route("b", rules("path: { value: / }").replace("shop.example.com", '"*.example.com"')),
      ],
      finds: [],
    },
    "a header less, with the same path": {
      documents: [
        gateway(listeners.http),
        route("a", rules("path: { value: /x }, headers: [{ name: v, value: '1' }]", "path: { value: /x }")),
      ],
      finds: [],
    },
    "an expression that matches everything comes before all prefixes": {
      documents: [
        gateway(listeners.http),
        route(
          "a",
          rules(
            "path: { value: /x }",
            'path: { type: RegularExpression, value: "/.*" }',
            "path: { type: Exact, value: /y }",
          ),
        ),
      ],
      finds: ["shadowed-rule a spec.rules[0].matches[0]"],
    },
  };
  for (const [name, { documents, finds }] of Object.entries(cases)) {
    test(name, async () => deepEqual(await found(documents), finds));
  }
});

describe("connections that another route has", () => {
  const tcp = (name: string, parent = "{ name: public }"): string =>
    route(name, `rules: [{ ${cart} }]`, parent).replace("HTTPRoute", "TCPRoute");
  const tls = (name: string, hostname: string): string =>
    route(name, `hostnames: [${hostname}], rules: [{ ${cart} }]`).replace("HTTPRoute", "TLSRoute");
  const ports = gateway("{ name: a, port: 5432, protocol: TCP }", "{ name: b, port: 5433, protocol: TCP }");
  const passed = gateway("{ name: tls, port: 443, protocol: TLS, tls: { mode: Passthrough } }");
  const cases: Readonly<Record<string, Case>> = {
    "all of them": { documents: [ports, tcp("first"), tcp("second")], finds: ["shadowed-rule second spec.rules[0]"] },
    "on one of two listeners": {
      documents: [ports, tcp("first", "{ name: public, sectionName: a }"), tcp("second")],
      finds: [],
    },
    "of the same server name": {
      documents: [passed, tls("first", "a.example.com"), tls("second", "a.example.com")],
      finds: ["shadowed-rule second spec.rules[0]"],
    },
    "of another server name": {
      documents: [passed, tls("first", "a.example.com"), tls("second", "b.example.com")],
      finds: [],
    },
  };
  for (const [name, { documents, finds }] of Object.entries(cases)) {
    test(name, async () => deepEqual(await found(documents), finds));
  }
});

describe("classes, ports and labels", () => {
  const ofClass = (controller: string): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: theirs }
spec: { controllerName: ${controller} }
---${gateway(listeners.http).replace("gatewayClassName: gatewright", "gatewayClassName: theirs")}`;
  const team = route(
    "team",
    `${hosts}, rules: [${redirect("hostname: example.com")}]`,
    "{ name: public, namespace: default }",
  );
  const cases: Readonly<Record<string, Case>> = {
    "a controller that is known": { documents: [ofClass("istio.io/gateway-controller")], finds: [] },
    "a controller that nobody knows": {
      documents: [ofClass("example.com/controller")],
      finds: ["class-of-another-controller public spec.gatewayClassName"],
    },
    "a port behind a port, of several": {
      documents: [gateway(listeners.http), route("r", "rules: [{ backendRefs: [{ name: cart, port: 9000 }] }]")],
      finds: ["backend-port-not-found r spec.rules[0].backendRefs[0]"],
    },
    "one weight above 0 is enough": {
      documents: [
        gateway(listeners.http),
        route("r", "rules: [{ backendRefs: [{ name: cart, port: 80, weight: 0 }, { name: cart, port: 81 }] }]"),
      ],
      finds: [],
    },
    "a route without the labels is merely not allowed": {
      documents: [
        gateway(
          "{ name: http, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: Selector, selector: { matchLabels: { team: a } } } } }",
        ),
        team.replace("metadata: { name: team }", "metadata: { name: team, namespace: b, labels: { team: b } }"),
      ],
      finds: ["not-allowed-by-listeners team spec.parentRefs[0]"],
    },
    "a route with the labels, and a namespace that is not among the documents": {
      documents: [
        gateway(
          "{ name: http, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: Selector, selector: { matchLabels: { team: a } } } } }",
        ),
        team.replace("metadata: { name: team }", "metadata: { name: team, namespace: b, labels: { team: a } }"),
      ],
      finds: ["selector-reads-namespace team spec.parentRefs[0]"],
    },
    "a route with the labels, on a listener whose selector lets it in and where a GRPCRoute holds its hostname": {
      documents: [
        gateway(
          "{ name: http, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: Selector, selector: { matchLabels: { kubernetes.io/metadata.name: b } } } } }",
        ),
        ...["HTTPRoute", "GRPCRoute"].map(
          (kind) =>
            `
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: { name: ${kind === "HTTPRoute" ? "younger" : "elder"}, namespace: b, labels: { team: a } }
spec: { parentRefs: [{ name: public, namespace: default }], hostnames: [shop.example.com] }
`,
        ),
      ],
      finds: ["not-allowed-by-listeners younger spec.parentRefs[0]"],
    },
    "a route with the labels, on a listener whose selector is not what refuses it": {
      documents: [
        gateway(
          "{ name: http, port: 80, protocol: HTTP, allowedRoutes: { namespaces: { from: Selector, selector: { matchLabels: { team: a } } } } }",
          "{ name: open, port: 81, protocol: HTTP }",
        ),
        team
          .replace("metadata: { name: team }", "metadata: { name: team, namespace: b, labels: { team: a } }")
          .replace("name: public", "name: public, sectionName: open"),
      ],
      finds: ["not-allowed-by-listeners team spec.parentRefs[0]"],
    },
  };
  for (const [name, { documents, finds }] of Object.entries(cases)) {
    test(name, async () => deepEqual(await found(documents), finds));
  }
});
