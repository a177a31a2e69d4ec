import * as fc from "fast-check";

/** Resources in which everything is small, so that much of it collides. */
export interface RouteSet {
  /** Of its HTTP and HTTPS listeners. */
  readonly ports: { readonly http: number; readonly https: number };
  /** Objects as they are written. */
  readonly objects: readonly object[];
}

export const hostnames = [
  "a.example.com",
  "b.example.com",
  "x.a.example.com",
  "example.com",
  "*.example.com",
  "*.a.example.com",
  "*.com",
  "other.org",
] as const;

export const paths = [
  "/",
  "/a",
  "/A",
  "/a/b",
  "/a/b/c",
  "/ab",
  "/b",
  "/b.c",
  "/%C3%A9",
  "/a~b",
  "/v1/x",
  "/v2/x",
] as const;
const expressions = [
  "/v[0-9]+/.*",
  "/a.*",
  "/[^/]+",
  "/(a|b)/?",
  "(?i)/A/B",
  "/a/b|/b",
  ".*c",
  "/a\\.b",
  "/",
  ".*",
  "/\\w+",
] as const;
export const headerNames = ["x-a", "x-b", "version", "host", "x-forwarded-proto"] as const;
export const headerValues = ["1", "2", "v1", "http", "a.example.com", "1,2"] as const;
const valueExpressions = ["[0-9]+", "v.", ".*", "1|2", "(?i)V1", "a.example.com", ".", ".."] as const;
export const parameterNames = ["q", "r", "a"] as const;
export const parameterValues = ["1", "x", "a b", "é", "1.5"] as const;
export const methods = ["GET", "POST", "DELETE", "OPTIONS", "HEAD", "TRACE", "PUT"] as const;
export const services = ["shop.Cart", "shop.Order", "a"] as const;
export const calls = ["Get", "Put", "b"] as const;

/** In so many of a hundred cases. */
function perhaps<Value>(percent: number, value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> {
  return fc.oneof({ weight: percent, arbitrary: value }, { weight: 100 - percent, arbitrary: fc.constant(undefined) });
}

const pathMatch = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ type: fc.constant("PathPrefix"), value: fc.constantFrom(...paths, "/a/", "/b/", "/", "/") }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("Exact"), value: fc.constantFrom(...paths) }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant("RegularExpression"), value: fc.constantFrom(...expressions) }),
  },
);

function valueMatch(names: readonly string[], values: readonly string[]) {
  return fc.oneof(
    { weight: 2, arbitrary: fc.record({ name: fc.constantFrom(...names), value: fc.constantFrom(...values) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        name: fc.constantFrom(...names),
        type: fc.constant("RegularExpression"),
        value: fc.constantFrom(...valueExpressions),
      }),
    },
  );
}

function several<Value extends { readonly name: string }>(value: fc.Arbitrary<Value>) {
  return fc.uniqueArray(value, { minLength: 1, maxLength: 2, selector: ({ name }) => name });
}

const httpMatch = fc.record({
  path: pathMatch,
  method: perhaps(15, fc.constantFrom(...methods)),
  headers: perhaps(18, several(valueMatch(headerNames, headerValues))),
  queryParams: perhaps(15, several(valueMatch(parameterNames, parameterValues))),
});

const pathModifier = fc.oneof(
  fc.record({ type: fc.constant("ReplaceFullPath"), replaceFullPath: fc.constantFrom("/new", "/", "/n%20w") }),
  fc.record({ type: fc.constant("ReplacePrefixMatch"), replacePrefixMatch: fc.constantFrom("/p", "/", "/p/", "") }),
);

const redirect = fc.record({
  type: fc.constant("RequestRedirect"),
  requestRedirect: fc.record({
    scheme: perhaps(66, fc.constantFrom("http", "https")),
    hostname: perhaps(66, fc.constantFrom("new.example.com")),
    port: perhaps(66, fc.constantFrom(80, 443, 8443)),
    path: perhaps(66, pathModifier),
    statusCode: perhaps(66, fc.constantFrom(301, 302, 303, 307, 308)),
  }),
});

const rewrite = fc.record({
  type: fc.constant("URLRewrite"),
  urlRewrite: fc.oneof(
    fc.record({ hostname: fc.constant("internal.example.com"), path: perhaps(66, pathModifier) }),
    fc.record({ path: pathModifier }),
  ),
});

const cors = fc.constant({ type: "CORS", cors: { allowOrigins: ["*"], allowMethods: ["GET"] } });

const backendRef = fc.record({
  name: fc.constantFrom("echo", "echo", "echo", "nothing"),
  port: fc.constant(80),
  weight: fc.constantFrom(0, 1, 1, 3),
  filters: perhaps(25, fc.tuple(rewrite)),
});

/** What a rule does; most answer by themselves. */
const action = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  { weight: 3, arbitrary: fc.record({ filters: fc.tuple(redirect) }) },
  { weight: 1, arbitrary: fc.record({ filters: fc.tuple(cors, redirect) }) },
  { weight: 1, arbitrary: fc.record({ filters: fc.tuple(cors) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      filters: fc.oneof(fc.constant([]), fc.tuple(rewrite), fc.tuple(cors), fc.tuple(cors, rewrite)),
      backendRefs: fc.array(backendRef, { minLength: 1, maxLength: 3 }),
    }),
  },
);

const httpRule = fc
  .record({ matches: perhaps(90, fc.array(httpMatch, { minLength: 1, maxLength: 3 })), action })
  .map(({ matches, action: does }) => ({ matches: replaceable(matches, does), ...does }));

/** Gateway API: ReplacePrefixMatch wants one match, of a path prefix. */
function replaceable<Match extends { readonly path: unknown }>(matches: readonly Match[] | undefined, does: object) {
  if (!JSON.stringify(does).includes("ReplacePrefixMatch")) return matches;
  const path = { type: "PathPrefix", value: "/a" };
  return (matches ?? [{ path }]).slice(0, 1).map((match) => ({ ...match, path: prefixOr(match.path, path) }));
}

function prefixOr(path: unknown, otherwise: object): unknown {
  return JSON.stringify(path).includes("PathPrefix") ? path : otherwise;
}

const grpcMethod = fc.oneof(
  fc.record({ service: perhaps(66, fc.constantFrom(...services)), method: fc.constantFrom(...calls) }),
  fc.record({ service: fc.constantFrom(...services) }),
  fc.record({
    type: fc.constant("RegularExpression"),
    service: fc.constantFrom("shop\\..*", "[a-z]", ".*"),
    method: perhaps(66, fc.constantFrom("G.t", "[A-Z].*")),
  }),
);

const grpcRule = fc.record({
  matches: perhaps(
    90,
    fc.array(
      fc.record({
        method: perhaps(90, grpcMethod),
        headers: perhaps(25, several(valueMatch(["x-a", "version"], headerValues))),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  ),
});

const gateway = { group: "gateway.networking.k8s.io", kind: "Gateway", name: "gateway" };

const route = fc.record({
  kind: fc.constantFrom("HTTPRoute", "HTTPRoute", "HTTPRoute", "GRPCRoute"),
  sectionName: perhaps(25, fc.constantFrom("http-0", "http-1", "https-0", "https-1")),
  hostnames: perhaps(60, fc.uniqueArray(fc.constantFrom(...hostnames), { minLength: 1, maxLength: 3 })),
  age: fc.integer({ min: 0, max: 3 }),
  httpRules: fc.array(httpRule, { minLength: 2, maxLength: 4 }),
  grpcRules: fc.array(grpcRule, { minLength: 1, maxLength: 3 }),
});

const listenerHostnames = fc.uniqueArray(
  fc.constantFrom("", "*.example.com", "a.example.com", "*.a.example.com", "*.com"),
  {
    minLength: 1,
    maxLength: 3,
  },
);

/** One Gateway with its routes, in a namespace and on ports of its own. */
export function routeSet(index: number, backendPort: number): fc.Arbitrary<RouteSet> {
  const namespace = `set-${index}`;
  const ports = { http: 8000 + index, https: 9000 + index };
  return fc
    .record({
      http: listenerHostnames,
      https: listenerHostnames,
      routes: fc.array(route, { minLength: 7, maxLength: 10 }),
    })
    .map(({ http, https, routes }) => ({
      ports,
      objects: [
        {
          apiVersion: "gateway.networking.k8s.io/v1",
          kind: "Gateway",
          metadata: { namespace, name: "gateway" },
          spec: {
            gatewayClassName: "gatewright",
            listeners: [
              ...http.map((hostname, position) => ({
                name: `http-${position}`,
                port: ports.http,
                protocol: "HTTP",
                ...(hostname !== "" && { hostname }),
              })),
              ...https.map((hostname, position) => ({
                name: `https-${position}`,
                port: ports.https,
                protocol: "HTTPS",
                ...(hostname !== "" && { hostname }),
                tls: { certificateRefs: [{ name: "certificate" }] },
              })),
            ],
          },
        },
        {
          apiVersion: "v1",
          kind: "Service",
          metadata: {
            namespace,
            name: "echo",
            annotations: { "gatewright.dev/endpoints": `127.0.0.1:${backendPort}` },
          },
          spec: { ports: [{ port: 80 }] },
        },
        ...routes.map(({ kind, sectionName, hostnames: names, age, httpRules, grpcRules }, position) => ({
          apiVersion: "gateway.networking.k8s.io/v1",
          kind,
          metadata: { namespace, name: `route-${position}`, creationTimestamp: `2026-01-0${age + 1}T00:00:00Z` },
          spec: {
            parentRefs: [{ ...gateway, ...(sectionName !== undefined && { sectionName }) }],
            ...(names !== undefined && { hostnames: names }),
            rules: kind === "GRPCRoute" ? grpcRules : httpRules,
          },
        })),
      ],
    }));
}
